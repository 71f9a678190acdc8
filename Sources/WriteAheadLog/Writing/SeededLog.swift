internal import SystemPackage

/// A new log that begins with a checkpoint, for a ledger that comes from elsewhere.
package enum SeededLog {
  /// Makes the segment that follows the checkpoint, and returns what the checkpoint needs of the log.
  ///
  /// The caller holds the folder's lock and writes the checkpoint next, by ``CheckpointWriter``. A folder in which the
  /// checkpoint is missing is refused as damaged.
  ///
  /// - Parameters:
  ///   - storage: The folder, which must not hold a log; unfinished files in it are removed.
  ///   - covered: The number of the last record that the checkpoint stands for, at least 1.
  /// - Returns: The facts for the checkpoint, with a random identity for the log.
  /// - Throws: `.io`, with `EEXIST` if the folder holds a log.
  package static func begin(in storage: some LogStorage, covered: UInt64) throws(LogError) -> CheckpointBase {
    precondition(covered > 0 && covered < .max, "a checkpoint covers at least one record")
    let listing = LogListing(names: try storage.names())
    guard listing.segments.isEmpty, listing.checkpoints.isEmpty else {
      throw .io(operation: "begin a log in", path: storage.path, errno: Errno.fileExists.rawValue)
    }
    for name in listing.unfinished { try storage.remove(name) }
    var generator = SystemRandomNumberGenerator()
    let identity = LogIdentity(from: &generator)
    let header = FileHeader(kind: .segment, epoch: 1, identity: identity, sequence: covered + 1, previous: 0)
    _ = try NewSegment.make(header, in: storage)
    return CheckpointBase(covered: covered, identity: identity, epoch: 1, bytesWritten: 0, previous: 0)
  }
}
