/// A call to a `FaultyStorage`, as whoever decides on its fate sees it.
package struct StorageCall: Sendable {
  package enum Operation: UInt8, Sendable, CaseIterable {
    case names, lock, open, create, rename, remove, syncDirectory
    case size, read, write, sync, truncate

    /// As `LogFailure.io` names it.
    var words: String {
      switch self {
      case .names: "list"
      case .lock: "lock"
      case .open, .create: "open"
      case .rename: "rename"
      case .remove: "remove"
      case .syncDirectory, .sync: "sync"
      case .size: "measure"
      case .read: "read"
      case .write: "write to"
      case .truncate: "truncate"
      }
    }

    /// Whether it could leave a trace on the disk.
    package var isChange: Bool {
      switch self {
      case .create, .rename, .remove, .syncDirectory, .write, .sync, .truncate: true
      case .names, .lock, .open, .size, .read: false
      }
    }
  }

  package let operation: Operation
  /// The file's name; empty for the folder.
  package let name: String
  /// A read's or write's place, a truncation's new size.
  package let offset: Int
  /// The bytes that a read or write asks for.
  package let count: Int

  init(_ operation: Operation, _ name: String = "", offset: Int = 0, count: Int = 0) {
    self.operation = operation
    self.name = name
    self.offset = offset
    self.count = count
  }
}

/// What happens to a call instead of what it asks for.
package enum StorageFault: Sendable, Hashable {
  /// It does nothing and throws.
  case failure(errno: Int32)
  /// A read or write takes at most this many bytes, and one at least.
  case short(bytes: Int)
  /// A file's sync does what Linux does after an I/O error: it throws EIO, some changed sectors did not reach the disk, all
  /// count as clean from now on, and reads still give the new bytes.
  case lossySync
  /// Whoever calls is dead: this call writes so many bytes, if it is a write, and does nothing else; no later call does anything,
  /// until `killProcess` or `losePower`.
  case death(bytesWritten: Int)
}

/// Asked before each call, in its thread; nil lets it happen.
package typealias StorageIntercept = @Sendable (StorageCall) -> StorageFault?
