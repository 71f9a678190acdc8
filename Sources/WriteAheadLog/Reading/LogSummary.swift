/// The contents of a log in figures, as read from end to end.
package struct LogSummary: Sendable, Hashable {
  package struct Segment: Sendable, Hashable {
    package let name: String
    package let firstSequence: UInt64
    /// The number of bytes without the zeroes written ahead.
    package internal(set) var bytes: UInt64
    package internal(set) var frames = 0
    package internal(set) var isSealed = false
  }

  /// The sequence of the last record, or 0 in an empty log.
  package internal(set) var lastSequence: UInt64 = 0
  /// The identity of the log, or nil in an empty folder.
  package internal(set) var identity: LogIdentity?
  /// The highest epoch seen.
  package internal(set) var epoch: UInt32 = 0
  /// The last record that the checkpoint in use covers.
  package internal(set) var checkpointSequence: UInt64?
  package internal(set) var segments: [Segment] = []
  /// The number of frames with records or checkpoint entries.
  package internal(set) var frames = 0
  /// The number of records after the checkpoint, without its entries.
  package internal(set) var records: UInt64 = 0
  /// The number of bytes in all files that were read, without the zeroes written ahead.
  package internal(set) var bytes: UInt64 = 0
  package internal(set) var tornTail: TornTail?
  /// True if nothing was written since the last clean close; also true if there is no log.
  package internal(set) var wasClosedCleanly = true
}

/// The result of opening a log.
package struct LogRecovery: Sendable, Hashable {
  package let lastSequence: UInt64
  package let identity: LogIdentity
  /// The epoch of this opening.
  package let epoch: UInt32
  package let segments: Int
  package let frames: Int
  package let records: UInt64
  package let bytes: UInt64
  /// The number of bytes in the segments alone, which the next checkpoint would replace.
  package let segmentBytes: UInt64
  package let tornTail: TornTail?
  package let wasClosedCleanly: Bool
  package let checkpointSequence: UInt64?
  /// True if there was no log, so that this opening made one.
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

/// The counts since the log was opened.
package struct LogStatistics: Sendable, Hashable {
  /// The number of bytes written to frames, without the zeroes written ahead.
  package internal(set) var bytesWritten: UInt64 = 0
  package internal(set) var frames: UInt64 = 0
  package internal(set) var records: UInt64 = 0
  package internal(set) var syncs: UInt64 = 0
  /// The time of the last commit, from taking a batch to its acknowledgement.
  package internal(set) var lastCommit: Duration = .zero
  /// The number of files that hold the log now.
  package internal(set) var segments = 0
  /// The highest sequence that is known to be on disk, whatever the durability.
  package internal(set) var syncedSequence: UInt64 = 0
}
