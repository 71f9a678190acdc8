internal import Platform

/// A reader of the frames of one file, one after another.
///
/// The reader reports the finding at each position, without regard to the frames before.
struct SegmentScan {
  enum Reading {
    /// A whole frame; its payload, if it has one, is in `payload`.
    case frame(FrameHeader, checksum: UInt32)
    /// The end: only zeroes up to the end of the file, or the end itself.
    case end
    case bad(BadFrame)
  }

  /// The finding at a position that has neither a whole frame nor the end.
  struct BadFrame {
    let what: String
    /// The header, if it is intact.
    let header: FrameHeader?
    /// True if no torn write can cause this.
    let impossible: Bool
  }

  var window: SegmentWindow
  private(set) var payload: [UInt8] = []
  private let seed: UInt32

  init(_ window: SegmentWindow, seed: UInt32) {
    self.window = window
    self.seed = seed
  }

  /// Returns the finding at `offset`.
  mutating func read(at offset: UInt64) throws(LogError) -> Reading {
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

  private mutating func bad(at offset: UInt64, _ what: String) throws(LogError) -> Reading {
    if try window.isZero(from: offset) { return .end }
    return .bad(BadFrame(what: what, header: nil, impossible: false))
  }

  private mutating func readPayload(of header: FrameHeader, at offset: UInt64) throws(LogError) -> BadFrame? {
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

/// A file that is read piece by piece into one buffer.
struct SegmentWindow {
  private static let pieceBytes = 2 << 20

  let name: String
  private let file: any LogFile
  /// The size at the opening or the last `refresh`; bytes that are written later are not seen.
  private(set) var size: UInt64
  /// The bytes of the file from `start` on.
  private(set) var buffer: [UInt8] = []
  private var start: UInt64 = 0

  init(_ name: String, in storage: some LogStorage) throws(LogError) {
    self.name = name
    file = try storage.open(name, for: .reading)
    size = try file.size()
  }

  /// Forgets the bytes that were read, and reads the size again.
  mutating func refresh() throws(LogError) {
    buffer.removeAll(keepingCapacity: true)
    size = try file.size()
  }

  /// Loads `count` bytes from `offset` on, or as many as the file has, into `buffer`, and returns their range in it.
  mutating func load(_ count: Int, at offset: UInt64) throws(LogError) -> Range<Int> {
    let available = Int(clamping: min(UInt64(count), size > offset ? size - offset : 0))
    if offset < start || offset + UInt64(available) > start + UInt64(buffer.count) {
      let piece = Int(clamping: min(UInt64(max(available, Self.pieceBytes)), size > offset ? size - offset : 0))
      start = offset
      if buffer.count != piece { buffer = [UInt8](repeating: 0, count: piece) }
      let filled = try file.readAll(into: &buffer, 0..<piece, at: offset)
      buffer.removeLast(buffer.count - filled)
      return 0..<min(available, filled)
    }
    let lower = Int(offset - start)
    return lower..<(lower + available)
  }

  /// Returns the header with which the file begins, and its checksum.
  mutating func readFileHeader() throws(LogError) -> (FileHeader, UInt32) {
    let range = try load(LogFormat.fileHeaderBytes, at: 0)
    do throws(FileHeader.Refusal) {
      return try FileHeader.decode(buffer.span.extracting(range))
    } catch {
      switch error {
      case .damaged(let what): throw .corrupt(segment: name, offset: 0, what: what)
      case .version(let version): throw .unsupportedVersion(segment: name, version: version)
      }
    }
  }

  /// Checks that all bytes from `offset` to `end` (or the end of the file) are zero, or that there are none.
  mutating func isZero(from offset: UInt64, to end: UInt64 = .max) throws(LogError) -> Bool {
    var place = offset
    let end = min(end, size)
    while place < end {
      let range = try load(Int(clamping: min(end - place, UInt64(Self.pieceBytes))), at: place)
      if range.isEmpty { return true }
      guard buffer.span.extracting(range).isZero else { return false }
      place += UInt64(range.count)
    }
    return true
  }

  /// Returns the end of the last byte that is not zero, or `offset`.
  mutating func contentEnd(from offset: UInt64) throws(LogError) -> UInt64 {
    var place = offset
    var end = offset
    while place < size {
      let range = try load(Self.pieceBytes, at: place)
      if range.isEmpty { break }
      if !buffer.span.extracting(range).isZero, let last = buffer[range].lastIndex(where: { $0 != 0 }) {
        end = place + UInt64(last - range.lowerBound) + 1
      }
      place += UInt64(range.count)
    }
    return end
  }
}
