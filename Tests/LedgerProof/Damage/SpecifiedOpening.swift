/// What docs/wal-format.md says about opening a folder.
enum SpecifiedVerdict: Equatable, CustomStringConvertible {
  /// With the records up to this one; of what was written after them, `torn` is cut off and kept.
  case opens(lastSequence: UInt64, torn: Tear?, wasClosedCleanly: Bool)
  case corrupt(segment: String, offset: Int)
  case unsupportedVersion(segment: String, version: UInt16)

  struct Tear: Equatable {
    let segment: String
    let offset: Int
    /// Up to the last byte that is not zero.
    let bytes: Int
  }

  var description: String {
    switch self {
    case .opens(let last, nil, let closed): "opens with \(last) records\(closed ? ", closed cleanly" : "")"
    case .opens(let last, let torn?, _):
      "opens with \(last) records, torn at \(torn.segment):\(torn.offset)+\(torn.bytes)"
    case .corrupt(let segment, let offset): "corrupt at \(segment):\(offset)"
    case .unsupportedVersion(let segment, let version): "\(segment) has version \(version)"
    }
  }
}

/// A segment or checkpoint as it was read.
struct SpecifiedSegment {
  let name: String
  let header: SpecifiedFileHeader
  var frames: [(offset: Int, frame: SpecifiedFrame)] = []
  /// Where nothing but zeroes is left.
  var end = SpecifiedFileHeader.bytes

  var isSealed: Bool { frames.last?.frame.kind == SpecifiedFrame.Kind.seal }
}

/// Section 3 of docs/wal-format.md, done anew.
struct SpecifiedOpening {
  struct Refusal: Error {
    let verdict: SpecifiedVerdict

    init(_ segment: String, _ offset: Int) {
      verdict = .corrupt(segment: segment, offset: offset)
    }

    init(_ verdict: SpecifiedVerdict) {
      self.verdict = verdict
    }
  }

  let files: [String: [UInt8]]
  /// Header checksums of frames whose payload is known to decompress into records: it need not be done again.
  let knownFrames: Set<UInt32>
  private(set) var checkpoint: SpecifiedSegment?
  private(set) var segments: [SpecifiedSegment] = []
  private(set) var torn: SpecifiedVerdict.Tear?
  private var identity: [UInt8]?
  private var nextSequence: UInt64 = 1
  private var chain: UInt32 = 0
  private var epoch: UInt32 = 0
  private var epochMax: UInt32 = 0
  private var watermark: UInt64 = 0
  private var wasClosedCleanly = true

  init(_ files: [String: [UInt8]], knownFrames: Set<UInt32> = []) {
    self.files = files
    self.knownFrames = knownFrames
  }

  static func name(ofSegment firstSequence: UInt64) -> String { "wal-\(digits(firstSequence)).lz4" }

  static func digits(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private func sequences(_ prefix: String) -> [UInt64] {
    files.keys.compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(".lz4"), name.count == prefix.count + 20 else { return nil }
      return UInt64(name.dropFirst(prefix.count).dropLast(4), radix: 16)
    }.sorted()
  }

  mutating func run() -> SpecifiedVerdict {
    do throws(Refusal) {
      try read()
    } catch {
      return error.verdict
    }
    // Every opening has an epoch above all of these.
    if epochMax == .max { return .corrupt(segment: segments.last?.name ?? "", offset: 0) }
    return .opens(
      lastSequence: nextSequence - 1, torn: torn, wasClosedCleanly: wasClosedCleanly && torn == nil)
  }

  private mutating func read() throws(Refusal) {
    var firsts = sequences("wal-")
    if let covered = sequences("checkpoint-").last {
      try readCheckpoint(covered)
      firsts.removeAll { $0 <= covered }
      guard !firsts.isEmpty else { throw Refusal("checkpoint-\(Self.digits(covered)).lz4", 0) }
    }
    for (index, first) in firsts.enumerated() {
      let isSealed = try readSegment(first, later: Array(firsts[(index + 1)...]))
      guard isSealed, let segment = segments.last else { continue }
      if index + 1 == firsts.count || firsts[index + 1] != nextSequence {
        throw Refusal(segment.name, segment.frames.last?.offset ?? 0)
      }
    }
  }
}

// MARK: - Files

extension SpecifiedOpening {
  private mutating func readCheckpoint(_ covered: UInt64) throws(Refusal) {
    let name = "checkpoint-\(Self.digits(covered)).lz4"
    let bytes = files[name] ?? []
    let header = try fileHeader(name, bytes)
    guard header.isCheckpoint, header.sequence == covered, covered > 0 else { throw Refusal(name, 0) }
    take(header)
    var read = SpecifiedSegment(name: name, header: header)
    repeat {
      guard
        let frame = SpecifiedFrame(at: read.end, in: bytes, seed: header.seed), frame.isPossible,
        frame.kind == SpecifiedFrame.Kind.checkpoint || frame.kind == SpecifiedFrame.Kind.close,
        frame.firstSequence == covered, frame.watermark == covered, frame.previous == chain, frame.epoch >= epoch,
        isWhole(frame, at: read.end, in: bytes)
      else { throw Refusal(name, read.end) }
      read.frames.append((read.end, frame))
      read.end += frame.bytes
      chain = frame.checksum
      epoch = frame.epoch
      epochMax = max(epochMax, epoch)
    } while read.frames.last?.frame.kind != SpecifiedFrame.Kind.close
    guard read.end == bytes.count else { throw Refusal(name, read.end) }
    guard covered < 1 << 63 else { throw Refusal(name, 0) }
    checkpoint = read
    nextSequence = covered + 1
    // The segment after it may have been made in an earlier epoch.
    epoch = 0
    chain = header.previous
  }

  private func fileHeader(_ name: String, _ bytes: [UInt8]) throws(Refusal) -> SpecifiedFileHeader {
    do throws(SpecifiedFileHeader.Fault) {
      return try SpecifiedFileHeader(bytes)
    } catch {
      if case .version(let version) = error { throw Refusal(.unsupportedVersion(segment: name, version: version)) }
      throw Refusal(name, 0)
    }
  }

  private mutating func take(_ header: SpecifiedFileHeader) {
    // Only a close in a segment says otherwise.
    if identity == nil { wasClosedCleanly = false }
    identity = header.identity
    chain = header.checksum
    epoch = header.epoch
    epochMax = max(epochMax, epoch)
  }

  /// Returns whether the segment is sealed.
  private mutating func readSegment(_ first: UInt64, later: [UInt64]) throws(Refusal) -> Bool {
    let name = Self.name(ofSegment: first)
    let bytes = files[name] ?? []
    let header = try fileHeader(name, bytes)
    guard
      !header.isCheckpoint, header.sequence == first, first == nextSequence, header.previous == chain,
      header.epoch >= epoch, identity == nil || identity == header.identity
    else {
      // Section 3.2, rule 1: the segment before it has lost its close.
      if let before = segments.last, !before.header.isCheckpoint, !before.isSealed, header.sequence == first,
        header.previous != chain
      {
        throw Refusal(before.name, before.end)
      }
      throw Refusal(name, 0)
    }
    take(header)
    segments.append(SpecifiedSegment(name: name, header: header))
    let this = segments.count - 1
    while true {
      let offset = segments[this].end
      let frame = SpecifiedFrame(at: offset, in: bytes, seed: header.seed)
      if let frame, belongsHere(frame), isWhole(frame, at: offset, in: bytes) {
        segments[this].frames.append((offset, frame))
        segments[this].end += frame.bytes
        guard accept(frame) else { continue }
        guard bytes.isZero(in: segments[this].end..<bytes.count) else { throw Refusal(name, segments[this].end) }
        return true
      }
      try judge(frame, at: offset, name, bytes, later: later, seed: header.seed)
      return false
    }
  }

  /// Returns true for a seal, which ends the segment and changes neither chain nor epoch.
  private mutating func accept(_ frame: SpecifiedFrame) -> Bool {
    epochMax = max(epochMax, frame.epoch)
    if frame.kind == SpecifiedFrame.Kind.seal { return true }
    chain = frame.checksum
    epoch = frame.epoch
    watermark = frame.watermark
    nextSequence += UInt64(frame.recordCount)
    wasClosedCleanly = frame.kind == SpecifiedFrame.Kind.close
    return false
  }
}

// MARK: - Frames

extension SpecifiedOpening {
  private func belongsHere(_ frame: SpecifiedFrame) -> Bool {
    frame.isPossible && frame.kind != SpecifiedFrame.Kind.checkpoint && frame.firstSequence == nextSequence
      && frame.previous == chain && frame.epoch >= epoch && frame.watermark >= watermark
      && frame.watermark < nextSequence
  }

  private func isWhole(_ frame: SpecifiedFrame, at offset: Int, in bytes: [UInt8]) -> Bool {
    guard frame.payloadBytes > 0 else { return true }
    guard hasRightBytes(frame, at: offset, in: bytes) else { return false }
    if knownFrames.contains(frame.checksum) { return true }
    guard let payload = Self.payload(of: frame, at: offset, in: bytes) else { return false }
    let isCheckpoint = frame.kind == SpecifiedFrame.Kind.checkpoint
    let kinds = isCheckpoint ? SpecifiedPayload.entryKinds(payload) : SpecifiedPayload.recordKinds(payload)
    return kinds?.count == Int(frame.recordCount)
  }

  /// Whether the block has its checksum and stands between the right constants.
  private func hasRightBytes(_ frame: SpecifiedFrame, at offset: Int, in bytes: [UInt8]) -> Bool {
    guard frame.payloadBytes > 0, offset + frame.bytes <= bytes.count else { return false }
    let block = (offset + 67)..<(offset + frame.contentBytes)
    return SpecifiedChecksum.crc32c(bytes, block) == frame.payloadChecksum
      && SpecifiedFrame.descriptor.indices.allSatisfy { bytes[offset + 56 + $0] == SpecifiedFrame.descriptor[$0] }
      && bytes.word(at: offset + 63) == frame.sizeWord && bytes.word(at: block.upperBound) == 0
  }

  static func payload(of frame: SpecifiedFrame, at offset: Int, in bytes: [UInt8]) -> [UInt8]? {
    let block = bytes[(offset + 67)..<(offset + frame.contentBytes)]
    return frame.storedBytes == frame.payloadBytes
      ? Array(block) : SpecifiedPayload.decompressed(block, count: Int(frame.payloadBytes))
  }

  /// Judges by section 3.2 whether the segment ends here after all.
  ///
  /// If it does not, the opening is refused.
  private mutating func judge(
    _ frame: SpecifiedFrame?, at offset: Int, _ name: String, _ bytes: [UInt8], later: [UInt64], seed: UInt32
  ) throws(Refusal) {
    if !later.isEmpty {
      guard later == [nextSequence], isWithoutFrames(nextSequence) else { throw Refusal(name, offset) }
    }
    if bytes.isZero(in: min(offset, bytes.count)..<bytes.count) { return }
    guard !hasWitness(after: offset, bytes, seed: seed) else { throw Refusal(name, offset) }
    if let frame {
      // A right checksum over values or a payload that cannot be: no torn write makes that.
      guard belongsHere(frame), !hasRightBytes(frame, at: offset, in: bytes) else { throw Refusal(name, offset) }
    }
    guard Self.hasMarksOfTornWrite(frame, at: offset, in: bytes) else { throw Refusal(name, offset) }
    epochMax = max(epochMax, frame?.epoch ?? 0)
    let end = (bytes.lastIndex { $0 != 0 } ?? offset) + 1
    torn = SpecifiedVerdict.Tear(segment: name, offset: offset, bytes: max(0, end - offset))
  }

  private func isWithoutFrames(_ first: UInt64) -> Bool {
    let bytes = files[Self.name(ofSegment: first)] ?? []
    return bytes.isZero(in: min(SpecifiedFileHeader.bytes, bytes.count)..<bytes.count)
  }

  private func hasWitness(after offset: Int, _ bytes: [UInt8], seed: UInt32) -> Bool {
    var place = offset + 1
    while place + SpecifiedFrame.headerBytes <= bytes.count {
      if bytes[place] == 0x5F, let header = SpecifiedFrame(at: place, in: bytes, seed: seed),
        header.watermark >= nextSequence || header.firstSequence == nextSequence
      {
        return true
      }
      place += 1
    }
    return false
  }

  static func hasMarksOfTornWrite(_ frame: SpecifiedFrame?, at offset: Int, in bytes: [UInt8]) -> Bool {
    if offset + (frame?.bytes ?? SpecifiedFrame.headerBytes) > bytes.count { return true }
    let end = offset + (frame?.contentBytes ?? SpecifiedFrame.headerBytes)
    var place = offset
    while place < end {
      let sectorEnd = min(end, (place / 512 + 1) * 512)
      if bytes.isZero(in: place..<sectorEnd) { return true }
      place = sectorEnd
    }
    return false
  }
}
