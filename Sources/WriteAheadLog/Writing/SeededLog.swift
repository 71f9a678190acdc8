internal import SystemPackage

/// A new log that begins with a checkpoint: what a ledger that comes from elsewhere starts with.
package enum SeededLog {
  /// Makes the segment that follows the checkpoint, and returns what the checkpoint needs of the log.
  ///
  /// The caller holds the folder's lock and writes the checkpoint next, by ``CheckpointWriter``. A folder in which it
  /// is missing is refused as damaged.
  /// - Parameter covered: the number of the last record that the checkpoint stands for, at least 1.
  /// - Throws: `.io` with `EEXIST` where the folder holds a log.
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
    _ = try SegmentWriter.createFile(LogListing.segmentName(covered + 1), header, storage, LogOptions())
    return CheckpointBase(covered: covered, identity: identity, epoch: 1, bytesWritten: 0, previous: 0)
  }
}
