/// Reads a log without taking its lock and without changing anything, also while a server writes to it.
package enum LogReader {
  /// A writer may be in the middle of any write; what looks wrong is read this often again before it is called so.
  private static let rereadsMax = 64

  /// Shows every frame to `visit`, in order, and checks everything.
  ///
  /// A tail that is still being written is not an error: the summary ends before it, and where its bytes look torn,
  /// says so in `tornTail`.
  /// - Throws: `.corrupt` at the first damage, `.unsupportedVersion`, `.io`.
  /// - Complexity: reads every byte of the log; holds about 4 MiB.
  package static func read(storage: some LogStorage, visit: LogVisit) throws(LogFailure) -> LogSummary {
    var walk = try LogWalk(storage, rereads: rereadsMax, onProgress: { _ in })
    try walk.run(visit)
    return walk.summary
  }

  /// What the files of the log hold, the zeroes written ahead included.
  package static func bytes(in storage: some LogStorage) throws(LogFailure) -> UInt64 {
    var total: UInt64 = 0
    for name in LogListing(names: try storage.names()).neededNames {
      do throws(LogFailure) {
        total += try storage.open(name, for: .reading).size()
      } catch {
        // A checkpoint may replace a file after it was listed.
        guard error.isMissingFile else { throw error }
      }
    }
    return total
  }

  /// The record that the newest checkpoint covers; nil without one.
  package static func newestCheckpoint(in storage: some LogStorage) throws(LogFailure) -> UInt64? {
    LogListing(names: try storage.names()).checkpoints.last
  }

  /// Whether the log is marked as older than what was served from it: a backup, or cut by a repair.
  package static func isRolledBack(_ storage: some LogStorage) throws(LogFailure) -> Bool {
    try RollbackMark.isSet(in: storage)
  }
}

/// What a log holds, as read from end to end.
package struct LogSummary: Sendable, Hashable {
  package struct Segment: Sendable, Hashable {
    package let name: String
    package let firstSequence: UInt64
    /// Without the zeroes written ahead.
    package internal(set) var bytes: UInt64
    package internal(set) var frames = 0
    package internal(set) var isSealed = false
  }

  /// The sequence of the last record; 0 in an empty log.
  package internal(set) var lastSequence: UInt64 = 0
  /// Nil in an empty folder.
  package internal(set) var identity: LogIdentity?
  /// The highest epoch seen.
  package internal(set) var epoch: UInt32 = 0
  /// The last record that the checkpoint in use covers.
  package internal(set) var checkpointSequence: UInt64?
  package internal(set) var segments: [Segment] = []
  /// Frames with records or checkpoint entries.
  package internal(set) var frames = 0
  /// Records after the checkpoint; its entries are not counted.
  package internal(set) var records: UInt64 = 0
  /// Of all files read, without the zeroes written ahead.
  package internal(set) var bytes: UInt64 = 0
  package internal(set) var tornTail: TornTail?
  /// Nothing was written since the last clean close; true where there is no log.
  package internal(set) var wasClosedCleanly = true
}

/// What opening a log found and did.
package struct LogRecovery: Sendable, Hashable {
  package let lastSequence: UInt64
  package let identity: LogIdentity
  /// The epoch of this opening.
  package let epoch: UInt32
  package let segments: Int
  package let frames: Int
  package let records: UInt64
  package let bytes: UInt64
  /// Of the segments alone: what the next checkpoint would replace.
  package let segmentBytes: UInt64
  package let tornTail: TornTail?
  package let wasClosedCleanly: Bool
  package let checkpointSequence: UInt64?
  /// There was no log, and this opening made one.
  package let isNew: Bool

  init(_ summary: LogSummary, identity: LogIdentity, epoch: UInt32) {
    isNew = summary.segments.isEmpty
    self.identity = identity
    lastSequence = summary.lastSequence
    self.epoch = epoch
    segments = summary.segments.count
    frames = summary.frames
    records = summary.records
    bytes = summary.bytes
    segmentBytes = summary.segments.reduce(0) { $0 + $1.bytes }
    tornTail = summary.tornTail
    wasClosedCleanly = summary.wasClosedCleanly
    checkpointSequence = summary.checkpointSequence
  }
}
