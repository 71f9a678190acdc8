/// Reads the frames of one file, one after another, and says what stands at each place; it knows nothing of what
/// stood before.
struct SegmentScan {
  enum Reading {
    /// A whole frame; its payload, if it has one, is in `payload`.
    case frame(FrameHeader, checksum: UInt32)
    /// Nothing but zeroes from here to the end of the file, or the end itself.
    case end
    case bad(BadFrame)
  }

  /// A place that holds neither a whole frame nor the end.
  struct BadFrame {
    let what: String
    /// If the header is whole.
    let header: FrameHeader?
    /// No torn write makes such a thing.
    let impossible: Bool
  }

  var window: SegmentWindow
  private(set) var payload: [UInt8] = []
  private let seed: UInt32

  init(_ window: SegmentWindow, seed: UInt32) {
    self.window = window
    self.seed = seed
  }

  /// What stands at `offset`.
  mutating func read(at offset: UInt64) throws(LogFailure) -> Reading {
    guard offset < window.size else { return .end }
    let range = try window.load(LogFormat.frameHeaderBytes, at: offset)
    guard range.count == LogFormat.frameHeaderBytes else {
      return try bad(at: offset, "the file ends inside a frame header")
    }
    let header: FrameHeader
    let checksum: UInt32
    do throws(FrameHeader.Refusal) {
      (header, checksum) = try FrameHeader.decode(window.buffer.span.extracting(range), seed: seed)
    } catch {
      switch error {
      case .damaged(let what): return try bad(at: offset, what)
      case .impossible(let what): return .bad(BadFrame(what: what, header: nil, impossible: true))
      }
    }
    guard header.payloadBytes > 0 else {
      payload.removeAll(keepingCapacity: true)
      return .frame(header, checksum: checksum)
    }
    if let bad = try readPayload(of: header, at: offset) { return .bad(bad) }
    return .frame(header, checksum: checksum)
  }

  private mutating func bad(at offset: UInt64, _ what: String) throws(LogFailure) -> Reading {
    if try window.isZero(from: offset) { return .end }
    return .bad(BadFrame(what: what, header: nil, impossible: false))
  }

  private mutating func readPayload(of header: FrameHeader, at offset: UInt64) throws(LogFailure) -> BadFrame? {
    func damaged(_ what: String) -> BadFrame { BadFrame(what: what, header: header, impossible: false) }
    let range = try window.load(header.frameBytes, at: offset)
    guard range.count == header.frameBytes else { return damaged("the file ends inside a frame") }
    let buffer = window.buffer
    let bytes = buffer.span.extracting(range)
    let prelude = LogFormat.frameHeaderBytes
    let block = prelude + LogFormat.preludeBytes
    let stored = bytes.extracting(block..<header.contentBytes)
    guard stored.checksum() == header.payloadChecksum else { return damaged("the payload's checksum is wrong") }
    guard
      LogFormat.descriptor.indices.allSatisfy({ LogFormat.descriptor[$0] == bytes[prelude + $0] }),
      bytes.integer(UInt32.self, at: prelude + LogFormat.descriptor.count) == header.sizeWord,
      bytes.integer(UInt32.self, at: header.contentBytes) == 0
    else { return damaged("the bytes around the payload are wrong") }
    guard BlockCodec.decode(stored, count: Int(header.payloadBytes), into: &payload) else {
      return BadFrame(what: "the payload does not decompress to its length", header: header, impossible: true)
    }
    return nil
  }
}
