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
package typealias LogVisit = (_ frame: LogFrame, _ payload: Span<UInt8>) throws(RecordError) -> Void

/// The progress of a replay.
package struct ReplayProgress: Sendable, Hashable {
  package let bytesRead: UInt64
  package let bytesTotal: UInt64
  package let records: UInt64
}

/// Thrown by whoever replays a frame when a record in it makes no sense: the log is then refused as corrupt.
package struct RecordError: Error, Sendable {
  package let byteOffsetInPayload: Int
  package let what: String

  package init(byteOffsetInPayload: Int, what: String) {
    self.byteOffsetInPayload = byteOffsetInPayload
    self.what = what
  }
}
