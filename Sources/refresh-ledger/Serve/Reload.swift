import Logging
import ServiceLifecycle
import TokenAccounts
import TokenEngine
import TokenHTTP
import UnixSignals

/// A service that reads the accounts, the keys and the TLS certificate again at each SIGHUP, and logs whether their
/// newest versions are in force.
struct Reload: Service {
  let users: any SubjectDirectory
  let clients: any ClientDirectory
  let engine: RotationEngine
  let certificate: ServerCertificate?
  let notification: ServiceNotification
  let logger: Logger

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    for await _ in signals.cancelOnGracefulShutdown() {
      notification.tell(.reloading)
      // The server is ready even if something was refused: the former version is then in force.
      defer { notification.tell(.ready) }
      await attempt("users and clients were read again", orElse: "users and clients stay as they were read before") {
        try await users.reload()
        try await clients.reload()
      }
      await attempt("the keys were read again", orElse: "the keys from before stay in force") {
        try engine.reloadKeys()
      }
      if let certificate {
        await attempt("the TLS certificate was read again", orElse: "the TLS certificate from before stays in force") {
          try certificate.reload()
        }
        TLSCertificate.report(certificate, logger: logger)
      }
    }
  }

  /// Reads one of them.
  ///
  /// A fault in one does not keep the others from being read.
  private func attempt(_ outcome: String, orElse kept: String, _ read: () async throws -> Void) async {
    do {
      try await read()
      logger.notice("SIGHUP: \(outcome)")
    } catch {
      logger.error("SIGHUP: \(kept): \(error)")
    }
  }
}
