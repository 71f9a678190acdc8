/// The frames of a log that was read of which no later frame proves that they are on disk.
///
/// They were read through the system's memory. After a sync that failed, this memory may show bytes that are nowhere else,
/// and the next sync may report success without writing them: only writing them again makes them durable for certain.
struct UnprovenFrames {
  private struct Frame {
    /// By its first sequence.
    let segment: UInt64
    let offset: UInt64
    /// A watermark from here on proves the frame.
    let provenBy: UInt64
  }

  private var frames: [Frame] = []
  private var provenCount = 0

  /// - Parameter header: the next one in the log.
  mutating func admit(_ header: FrameHeader, segment: UInt64, offset: UInt64) {
    while provenCount < frames.count, frames[provenCount].provenBy <= header.watermark { provenCount += 1 }
    if provenCount == frames.count, provenCount > 0 {
      frames.removeAll(keepingCapacity: true)
      provenCount = 0
    }
    // A frame without records is proven with the record after it.
    let provenBy = header.firstSequence + UInt64(max(header.recordCount, 1)) - 1
    frames.append(Frame(segment: segment, offset: offset, provenBy: provenBy))
  }

  /// A segment is made only when every record before it is on disk; its seal comes later.
  mutating func beginSegment() {
    let seal = frames.last
    frames.removeAll(keepingCapacity: true)
    provenCount = 0
    if let seal { frames.append(seal) }
  }

  /// In each segment that has such frames, where the first one begins; in order.
  var starts: [(segment: UInt64, offset: UInt64)] {
    var starts: [(segment: UInt64, offset: UInt64)] = []
    for frame in frames[provenCount...] where starts.last?.segment != frame.segment {
      starts.append((frame.segment, frame.offset))
    }
    return starts
  }
}
