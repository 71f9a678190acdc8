/// The state that is passed from header to header through a whole log, and that the next header must continue.
struct FrameChain: Sendable {
  /// The error of a header that is intact and does not belong at its position.
  struct Break: Error {
    let what: String
  }

  /// The identity of the log; nil before the first header.
  private(set) var identity: LogIdentity?
  private(set) var checksumSeed: UInt32 = 0
  /// The checksum of the last header; seals do not count.
  private(set) var value: UInt32 = 0
  private(set) var nextSequence: UInt64 = 1
  /// True if the last frame of the segments marks a clean close; also true before the first header.
  ///
  /// The end of a checkpoint is no such mark.
  private(set) var wasClosedCleanly = true
  /// The epoch of the last header; seals do not count.
  private var epoch: UInt32 = 0
  /// The highest epoch of all.
  private(set) var epochMax: UInt32 = 0
  private var watermark: UInt64 = 0

  mutating func admitCheckpoint(
    _ header: FileHeader, checksum: UInt32, covered: UInt64
  ) throws(Break) {
    guard header.kind == .checkpoint else { throw Break(what: "this is no checkpoint") }
    guard header.sequence == covered, covered > 0 else {
      throw Break(what: "the file's name is not that in its header")
    }
    take(header, checksum: checksum)
  }

  /// Ends a checkpoint; the segment after it must carry the value `previous`.
  mutating func finishCheckpoint(covered: UInt64, previous: UInt32) throws(Break) {
    guard covered < LogFormat.sequenceMax else { throw Break(what: "the sequence numbers are used up") }
    value = previous
    // The segment after it can be older: a segment without records is not begun again for a checkpoint.
    epoch = 0
    nextSequence = covered + 1
  }

  mutating func admitSegment(_ header: FileHeader, checksum: UInt32, firstSequence: UInt64) throws(Break) {
    guard header.kind == .segment else { throw Break(what: "this is no segment") }
    guard header.sequence == firstSequence else { throw Break(what: "the file's name is not that in its header") }
    guard firstSequence == nextSequence else {
      throw Break(what: "the segment begins with record \(firstSequence), but record \(nextSequence) is next")
    }
    guard identity == nil || identity == header.identity else { throw Break(what: "the segment is of another log") }
    guard header.previous == value else { throw Break(what: "the segment does not follow the one before it") }
    guard header.epoch >= epoch else { throw Break(what: "the segment is older than what stands before it") }
    take(header, checksum: checksum)
  }

  private mutating func take(_ header: FileHeader, checksum: UInt32) {
    if identity == nil { wasClosedCleanly = false }
    identity = header.identity
    checksumSeed = header.identity.checksumSeed
    value = checksum
    note(header.epoch)
    epoch = header.epoch
  }

  /// Notes an epoch that was seen in a frame that is not admitted.
  mutating func note(_ epoch: UInt32) {
    epochMax = max(epochMax, epoch)
  }

  /// Admits the next header; `covered` is the last record that a checkpoint covers, while one is read.
  mutating func admit(_ header: FrameHeader, checksum: UInt32, covered: UInt64? = nil) throws(Break) {
    guard header.previous == value else { throw Break(what: "the frame does not follow the one before it") }
    switch header.kind {
    case .records: guard covered == nil else { throw Break(what: "the frame does not belong into a checkpoint") }
    case .checkpoint: guard covered != nil else { throw Break(what: "the frame does not belong into a segment") }
    case .seal: guard covered == nil else { throw Break(what: "the frame does not belong into a checkpoint") }
    case .close: break
    }
    guard header.firstSequence == covered ?? nextSequence else {
      throw Break(what: "the frame begins with record \(header.firstSequence), but \(covered ?? nextSequence) is next")
    }
    guard header.epoch >= epoch else { throw Break(what: "the frame is older than the one before it") }
    guard header.watermark >= watermark, header.watermark < header.firstSequence || covered != nil else {
      throw Break(what: "the frame's watermark cannot be")
    }
    guard covered == nil || header.watermark == covered else { throw Break(what: "the frame's watermark cannot be") }
    note(header.epoch)
    guard header.kind != .seal else { return }
    value = checksum
    epoch = header.epoch
    guard covered == nil else { return }
    watermark = header.watermark
    wasClosedCleanly = header.kind == .close
    // `FrameHeader.decode` refuses a sum that overflows.
    nextSequence = header.firstSequence &+ UInt64(header.recordCount)
  }
}
