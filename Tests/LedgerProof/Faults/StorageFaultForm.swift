import LedgerTesting

/// How one operation of the storage fails.
struct StorageFaultForm: Sendable, Hashable, CaseIterable, CustomStringConvertible {
  enum Way: String, Sendable, CaseIterable {
    case ioError = "EIO"
    /// It takes effect, a write in part, and throws all the same.
    case lateError = "EIO after its effect"
    case noSpace = "ENOSPC"
    /// Of reads and writes: each that is hit succeeds when it is tried again.
    case interrupted = "EINTR"
    /// Reads and writes transfer half of what was asked; other operations go well.
    case short = "short"

    var errno: Int32 {
      switch self {
      case .ioError, .lateError: 5
      case .noSpace: 28
      case .interrupted: 4
      case .short: 0
      }
    }
  }

  let way: Way
  /// Every later operation fails in the same way.
  let isSticky: Bool

  static let allCases: [StorageFaultForm] = Way.allCases.flatMap { way in
    [StorageFaultForm(way: way, isSticky: false), StorageFaultForm(way: way, isSticky: true)]
  }

  /// Whether nobody may notice it: the operation is a transfer that is to be tried again or gone on with.
  func isInvisible(for operation: StorageCall.Operation) -> Bool {
    switch way {
    case .short: true
    case .interrupted: operation == .read || operation == .write
    case .ioError, .lateError, .noSpace: false
    }
  }

  var description: String { "\(way.rawValue), \(isSticky ? "from then on" : "once")" }
}
