/// A whole frame with records, as a replay receives it; the payload is passed beside it.
package struct LogFrame: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// The frame has the records `firstSequence ..< firstSequence + recordCount`.
    case records
    /// The frame has `recordCount` entries of the state after the record `firstSequence`.
    case checkpoint
    /// The frame has nothing: all entries of the checkpoint were passed before.
    case checkpointEnd
  }

  package let kind: Kind
  package let firstSequence: UInt64
  package let recordCount: Int
  /// The epoch of the opening that wrote the frame.
  package let epoch: UInt32
  /// The sequence up to which all records were on disk when the frame was written.
  package let watermark: UInt64
  package let place: LogPlace
  /// The number of bytes of the frame in the file, including its header.
  package let fileBytes: Int
}

/// A closure that receives each frame in order; the payload is only valid during the call.
package typealias LogVisit = (_ frame: LogFrame, _ payload: Span<UInt8>) throws(RecordError) -> Void

/// The progress of a replay.
package struct ReplayProgress: Sendable, Hashable {
  package let bytesRead: UInt64
  package let bytesTotal: UInt64
  package let records: UInt64
}

/// The error of a visitor that finds an invalid record in a frame.
///
/// The log is then refused as corrupt.
package struct RecordError: Error, Sendable {
  package let byteOffsetInPayload: Int
  package let what: String

  package init(byteOffsetInPayload: Int, what: String) {
    self.byteOffsetInPayload = byteOffsetInPayload
    self.what = what
  }
}
