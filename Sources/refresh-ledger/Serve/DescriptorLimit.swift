import Logging
import Platform

/// The number of files and connections that the process can have open.
///
/// The log needs some at any time: a segment that cannot be opened ends every change, so that connections must leave
/// room for it.
enum DescriptorLimit {
  /// The number of descriptors for the log, the accounts, the keys and the listening sockets.
  static let reserve = 64

  /// Raises the limit as far as the process can, and returns how many of `connections` fit into it.
  static func connectionsMax(_ connections: Int, logger: Logger) throws(CommandError) -> Int {
    let most = raise()
    guard connections > most - reserve else { return connections }
    guard most > reserve else {
      throw CommandError(
        .configuration,
        "the process can have \(most) files open, which leaves none for connections beside the log; raise the limit (ulimit -n) to \(reserve * 2) at least"
      )
    }
    let fitting = most - reserve
    logger.warning(
      "the process can have \(most) files open: at most \(fitting) connections are taken, not \(connections); raise the limit (ulimit -n, LimitNOFILE) or lower limits.connections"
    )
    return fitting
  }

  /// Raises the limit as far as the process can, and returns it.
  static func raise() -> Int {
    ResourceLimit.openFiles.raise().map { Int(clamping: $0) } ?? .max
  }
}
