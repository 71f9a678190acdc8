package import WriteAheadLog

/// What goes wrong on a fake storage, and when; nothing at first.
package struct FaultScript: Sendable {
  /// Every call after this many more changing ones (write, sync, truncate, rename, remove, create) fails with EIO.
  package var callsUntilPowerOff: Int?
  /// Every sync of a file after this many more fails with EIO.
  package var syncsUntilFailure: Int?
  /// Writes fail with ENOSPC when they would make the files larger than this in sum.
  package var bytesMax: Int?
  /// A write or read takes at most this many bytes.
  package var transferBytesMax: Int?
  /// A shortened write ends where a sector ends, as the kernel's do.
  package var shortensAtSectors = false
  /// Every so many reads and writes one fails with EINTR.
  package var interruptedEvery: Int?
  /// Asked before each call, in its thread; nil lets it happen.
  ///
  /// The closure can look at the storage, which then is as the call finds it.
  package var fate: (@Sendable (StorageCall) -> StorageFault?)?

  package init() {}

  /// Every call has the fate that `fate` gives it.
  package init(fate: @escaping @Sendable (StorageCall) -> StorageFault?) {
    self.fate = fate
  }

  /// Nothing goes wrong, and somebody is told before each call that changes the disk.
  package static func watching(_ onChange: @escaping @Sendable (StorageCall) -> Void) -> FaultScript {
    FaultScript { call in
      if call.operation.isChange { onChange(call) }
      return nil
    }
  }
}

/// A call to a fake storage, as whoever decides on its fate sees it.
package struct StorageCall: Sendable {
  package enum Operation: UInt8, Sendable, CaseIterable {
    case names, lock, open, create, rename, remove, syncDirectory
    case size, read, write, sync, writeOut, truncate

    /// As `LogError.io` names it.
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
      case .writeOut: "write out"
      case .truncate: "truncate"
      }
    }

    /// Whether it could leave a trace on the disk.
    package var isChange: Bool {
      switch self {
      case .create, .rename, .remove, .syncDirectory, .write, .sync, .writeOut, .truncate: true
      case .names, .lock, .open, .size, .read: false
      }
    }
  }

  /// What failures and messages call the folder.
  package static let folderName = "the disk in memory"

  package let operation: Operation
  /// The file's name; empty for the folder.
  package let name: String
  /// A read's or write's place, a truncation's new size.
  package let offset: Int
  /// The bytes that a read or write asks for.
  package let count: Int

  init(_ operation: Operation, _ name: String = "", offset: UInt64 = 0, count: Int = 0) {
    self.operation = operation
    self.name = name
    self.offset = Int(clamping: offset)
    self.count = count
  }

  /// What it throws when it fails with `errno`.
  package func failure(_ errno: Int32) -> LogError {
    .io(operation: operation.words, path: name.isEmpty ? Self.folderName : name, errno: errno)
  }
}

/// What happens to a call instead of what it asks for.
package enum StorageFault: Sendable, Hashable {
  /// It does nothing and throws.
  case failure(errno: Int32)
  /// It does what it asks for, of a read or write this many bytes, and throws all the same.
  case lateFailure(errno: Int32, bytes: Int = 0)
  /// A read or write takes at most this many bytes, and one at least.
  case short(bytes: Int)
  /// A file's sync does what Linux does after an I/O error: it throws EIO, some changed sectors did not reach the disk,
  /// all count as clean from now on, and reads still give the new bytes.
  case lossySync
  /// Whoever calls is dead: this call writes so many bytes, if it is a write, and does nothing else; no later call does
  /// anything, until `killProcess` or `losePower`.
  case death(bytesWritten: Int)
}
