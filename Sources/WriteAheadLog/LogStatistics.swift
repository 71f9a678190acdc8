/// Counts since the log was opened.
package struct LogStatistics: Sendable, Hashable {
  /// To frames; zeroes written ahead are not counted.
  package internal(set) var bytesWritten: UInt64 = 0
  package internal(set) var frames: UInt64 = 0
  package internal(set) var records: UInt64 = 0
  package internal(set) var syncs: UInt64 = 0
  /// From taking a batch to its acknowledgement.
  package internal(set) var lastCommit: Duration = .zero
  /// Files that hold the log now.
  package internal(set) var segments = 0
  /// The highest sequence known to be on disk, whatever the durability.
  package internal(set) var syncedSequence: UInt64 = 0
}
