import Logging
import ServiceLifecycle
import TokenEngine
import UnixSignals

/// Reads the account files and the keys again at each SIGHUP and says in the log whether their newest versions are in force.
struct AccountReload: Service {
  let users: SubjectFile
  let clients: ClientFile
  let engine: RotationEngine
  let logger: Logger

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    for await _ in signals.cancelOnGracefulShutdown() {
      do {
        try users.reload()
        try clients.reload()
        try engine.reloadKeys()
        logger.notice("SIGHUP: users, clients and keys were read again")
      } catch {
        logger.error("SIGHUP: what was read before stays in force: \(error)")
      }
    }
  }
}
