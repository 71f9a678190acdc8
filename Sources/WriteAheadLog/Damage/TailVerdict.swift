/// The verdict on bad bytes in the last segment: docs/wal-format.md, section 3.2, rules 3 to 6.
enum TailVerdict: Equatable {
  case torn
  case corrupt(String)

  /// Returns the verdict on a bad frame.
  ///
  /// `bad` is the finding of a scan at `offset`; not all bytes from there on are zero. `chain` is the state that the
  /// frame there must continue.
  static func judge(
    _ bad: SegmentScan.BadFrame, at offset: UInt64, chain: FrameChain, in window: inout SegmentWindow
  ) throws(LogError) -> TailVerdict {
    if let witness = try witness(after: offset, chain, in: &window) {
      return .corrupt("\(bad.what), and it was on disk when the frame at \(witness) was written")
    }
    if bad.impossible { return .corrupt(bad.what) }
    if let header = bad.header {
      var chain = chain
      do throws(FrameChain.Break) {
        try chain.admit(header, checksum: 0)
      } catch {
        return .corrupt(error.what)
      }
    }
    if try hasMarksOfTornWrite(bad, at: offset, in: &window) { return .torn }
    return .corrupt("\(bad.what), and its bytes are not those of a torn write")
  }

  private static func hasMarksOfTornWrite(
    _ bad: SegmentScan.BadFrame, at offset: UInt64, in window: inout SegmentWindow
  ) throws(LogError) -> Bool {
    let frameBytes = bad.header?.frameBytes ?? LogFormat.frameHeaderBytes
    if window.size - offset < UInt64(frameBytes) { return true }
    let end = offset + UInt64(bad.header?.contentBytes ?? LogFormat.frameHeaderBytes)
    var place = offset
    while place < end {
      let sectorEnd = min(end, (place / LogFormat.sectorBytes + 1) * LogFormat.sectorBytes)
      if try window.isZero(from: place, to: sectorEnd) { return true }
      place = sectorEnd
    }
    return false
  }

  /// Returns the position of a frame header after `offset` which proves that the bytes at `offset` were on disk, or nil
  /// if there is none.
  ///
  /// The proof is its watermark, or that it begins with the record that is expected here: the bytes here were then a
  /// close, which is synced before anything follows it.
  private static func witness(
    after offset: UInt64, _ chain: FrameChain, in window: inout SegmentWindow
  ) throws(LogError) -> UInt64? {
    let expected = chain.nextSequence
    let pieceBytes = 1 << 20
    let firstMagicByte = UInt8(truncatingIfNeeded: LogFormat.frameMagic)
    var place = offset + 1
    while place + UInt64(LogFormat.frameHeaderBytes) <= window.size {
      let range = try window.load(pieceBytes, at: place)
      guard range.count >= LogFormat.frameHeaderBytes else { break }
      let piece = window.buffer.span.extracting(range)
      let starts = piece.count - LogFormat.frameHeaderBytes + 1
      for start in 0..<starts where piece[start] == firstMagicByte {
        let candidate = piece.extracting(start..<(start + LogFormat.frameHeaderBytes))
        guard let header = try? FrameHeader.decode(candidate, seed: chain.checksumSeed).header else { continue }
        if header.watermark >= expected || header.firstSequence == expected { return place + UInt64(start) }
      }
      place += UInt64(starts)
    }
    return nil
  }
}

/// The frames of a log that was read for which no later frame proves that they are on disk.
///
/// They were read through the system's cache. After a failed sync the cache can show bytes that are nowhere else, and
/// the next sync can report success without writing them. Only writing them again makes them durable for certain.
struct UnprovenFrames {
  private struct Frame {
    /// The first sequence of the segment.
    let segment: UInt64
    let offset: UInt64
    /// The lowest watermark that proves the frame.
    let provenBy: UInt64
  }

  private var frames: [Frame] = []
  private var provenCount = 0

  /// Adds the frame with the next header in the log, which proves the frames that its watermark covers.
  mutating func admit(_ header: FrameHeader, segment: UInt64, offset: UInt64) {
    while provenCount < frames.count, frames[provenCount].provenBy <= header.watermark { provenCount += 1 }
    if provenCount == frames.count, provenCount > 0 {
      frames.removeAll(keepingCapacity: true)
      provenCount = 0
    }
    // A frame without records is proven together with the record after it.
    let provenBy = header.firstSequence + UInt64(max(header.recordCount, 1)) - 1
    frames.append(Frame(segment: segment, offset: offset, provenBy: provenBy))
  }

  /// Begins a segment.
  ///
  /// All records before a segment are on disk when it is made; the seal before it comes later.
  mutating func beginSegment() {
    let seal = frames.last
    frames.removeAll(keepingCapacity: true)
    provenCount = 0
    if let seal { frames.append(seal) }
  }

  /// The positions at which the first unproven frame of each segment begins, in order.
  var starts: [(segment: UInt64, offset: UInt64)] {
    var starts: [(segment: UInt64, offset: UInt64)] = []
    for frame in frames[provenCount...] where starts.last?.segment != frame.segment {
      starts.append((frame.segment, frame.offset))
    }
    return starts
  }
}
