/// A whole frame that carries records, as a replay sees it; its payload comes beside it.
package struct LogFrame: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// Records `firstSequence ..< firstSequence + recordCount`.
    case records
    /// `recordCount` entries of the state after record `firstSequence`.
    case checkpoint
    /// Nothing: all entries of the checkpoint were shown.
    case checkpointEnd
  }

  package let kind: Kind
  package let firstSequence: UInt64
  package let recordCount: Int
  /// The opening that wrote it.
  package let epoch: UInt32
  /// Every record up to this one was on disk when the frame was written.
  package let watermark: UInt64
  package let place: LogPlace
  /// All of the frame in the file, its header included.
  package let fileBytes: Int
}

/// Sees each frame in order; the payload is only valid during the call.
package typealias LogVisit = (_ frame: LogFrame, _ payload: Span<UInt8>) throws(RecordRefusal) -> Void

/// How far a replay has come.
package struct ReplayProgress: Sendable, Hashable {
  package let bytesRead: UInt64
  package let bytesTotal: UInt64
  package let records: UInt64
}

/// The end of the last segment that a crash left incomplete. No record in it was ever acknowledged (docs/wal-format.md
/// section 3.4 says what can be mistaken for it).
package struct TornTail: Sendable, Hashable {
  package let place: LogPlace
  /// Up to the last byte that is not zero.
  package let bytes: UInt64
  /// The file in the log folder that keeps them; nil if nothing was repaired.
  package internal(set) var copy: String?
}
