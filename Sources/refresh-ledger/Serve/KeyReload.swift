import Glibc
import Logging
import ServiceLifecycle
import TokenEngine

/// Puts changed key files in force within a second, so that no key signs long after it was rotated out. Keys that are refused leave
/// those from before in force, and the log says so once.
struct KeyReload: Service {
  let engine: RotationEngine
  let folder: String
  let logger: Logger

  /// Which version of a file is there; the files are replaced, never written to.
  private struct Stamp: Equatable {
    var inode: UInt64 = 0
    var seconds = 0
    var nanoseconds = 0
  }

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

  private func stamps() -> [Stamp] {
    ["access.json", "refresh.json"].map { name in
      var status = stat()
      guard stat("\(folder)/\(name)", &status) == 0 else { return Stamp() }
      return Stamp(
        inode: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
  }
}
