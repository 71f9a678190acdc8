import Logging
import ServiceLifecycle
import TokenEngine
import TokenHTTP
import UnixSignals

/// The service that reads the account files, the keys and the TLS certificate again at each SIGHUP, and tells the log
/// whether their newest versions are in force.
struct Reload: Service {
  let users: SubjectFile
  let clients: ClientFile
  let engine: RotationEngine
  let certificate: ServerCertificate?
  let notification: ServiceNotification
  let logger: Logger

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    for await _ in signals.cancelOnGracefulShutdown() {
      notification.tell(.reloading)
      // Also where something was refused: what was read before is then in force, and the server serves.
      defer { notification.tell(.ready) }
      attempt("users and clients were read again", orElse: "users and clients stay as they were read before") {
        try users.reload()
        try clients.reload()
      }
      attempt("the keys were read again", orElse: "the keys from before stay in force") { try engine.reloadKeys() }
      if let certificate {
        attempt("the TLS certificate was read again", orElse: "the TLS certificate from before stays in force") {
          try certificate.reload()
        }
        TLSCertificate.report(certificate, logger: logger)
      }
    }
  }

  /// Reads one of them. A fault in one does not keep the others from being read.
  private func attempt(_ outcome: String, orElse kept: String, _ read: () throws -> Void) {
    do {
      try read()
      logger.notice("SIGHUP: \(outcome)")
    } catch {
      logger.error("SIGHUP: \(kept): \(error)")
    }
  }
}
