import Logging
import ServiceLifecycle
import TokenEngine

/// Puts changed key files in force within a second, so that no key signs long after it was rotated out. Keys that are refused leave
/// those from before in force, and the log says so once.
struct KeyReload: Service {
  let engine: RotationEngine
  let folder: String
  let logger: Logger

  func run() async throws {
    var seen = stamps()
    while !Task.isShuttingDownGracefully, (try? await Task.sleep(for: .milliseconds(500))) != nil {
      let found = stamps()
      guard found != seen else { continue }
      seen = found
      do {
        try engine.reloadKeys()
        logger.notice("the keys were read again")
      } catch {
        logger.error("the keys from before stay in force: \(error)")
      }
    }
  }

  private func stamps() -> [FileStamp?] {
    ["access.json", "refresh.json"].map { FileStamp.of(path: "\(folder)/\($0)") }
  }
}
