internal import SystemPackage

/// The reason that the log could not be opened, written or read.
///
/// After `io` from a write or a sync, the log accepts no more records until it is opened again; everything acknowledged
/// before is on disk.
@nonexhaustive
public enum LogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another process, or another opening in this one, writes to the folder.
  case locked(path: String)
  /// The bytes at `offset` of `segment` are not those that were written there. Nothing was changed on disk.
  case corrupt(segment: String, offset: UInt64, what: String)
  /// The file has a format that this program does not know.
  case unsupportedVersion(segment: String, version: UInt16)
  /// The operating system refused `operation` on `path`; `errno` is that of errno(3).
  case io(operation: String, path: String, errno: Int32)
  /// The folder is a backup or was cut by a repair: tokens that were consumed after its last record would be live
  /// again.
  case rolledBack(path: String)
  /// The contents of the folder are now served from elsewhere; the text names the place and the fix.
  case moved(path: String, what: String)
  /// Too much is waiting for the disk, or the disk does not answer. Nothing was accepted; the call can be repeated
  /// later.
  case overloaded
  /// The log was closed.
  case closed
  /// A call that waited for the disk was cancelled, or its deadline has passed. The work continues, and its outcome is
  /// unknown.
  case waitEnded

  public var description: String {
    switch self {
    case .locked(let path):
      "the log in \(path) is locked by another process; stop that process or use another folder"
    case .corrupt(let segment, let offset, let what):
      "the log is corrupt in \(segment) at offset \(offset): \(what); restore the folder from a backup or repair it"
    case .unsupportedVersion(let segment, let version):
      "\(segment) has log format \(version), this program knows 1 and 2; use the program that wrote it"
    case .io(let operation, let path, let errno):
      "cannot \(operation) \(path): \(Errno(rawValue: errno)); fix the disk or its permissions, then restart"
    case .rolledBack(let path):
      "the log in \(path) is a backup or was repaired: tokens consumed after its last record would be live again; "
        + "end its sessions with refresh-ledger log restore and this data folder as --data"
    case .moved(let path, let what):
      "the log in \(path) \(what)"
    case .overloaded:
      "more waits to be written than the log may hold; try again in a moment"
    case .closed:
      "the log is closed; open it again"
    case .waitEnded:
      "the wait for the disk ended before the outcome was known; ask again"
    }
  }
}
