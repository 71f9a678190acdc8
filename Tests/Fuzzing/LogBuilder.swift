import Platform

@testable import WriteAheadLog

/// Builds the files of a log as the fuzzer chooses: right in every checksum, chain value, sequence and length, but for
/// what it chooses to break.
struct LogBuilder {
  private(set) var files: [String: [UInt8]] = [:]
  /// The payloads of the frames of records and checkpoint entries, in order.
  private(set) var payloads: [[UInt8]] = []
  /// Whether something was made that no writer makes.
  private(set) var isBroken = false
  /// Whether the last frame of a segment is a seal and none follows.
  private(set) var isSealed = false
  private(set) var nextSequence: UInt64 = 1

  private static let identity = LogIdentity(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
  private var codec = BlockCodec()
  private var name = ""
  private var chain: UInt32 = 0
  private var epoch: UInt32 = 1
  private var watermark: UInt64 = 0
  private var afterClose = false

  mutating func build(from input: inout InputBytes) {
    if input.byte() % 4 == 1 { appendCheckpoint(&input) }
    beginSegment(&input)
    var steps = 0
    while !input.isEmpty, steps < 12 {
      steps += 1
      appendStep(&input)
    }
  }

  private mutating func appendStep(_ input: inout InputBytes) {
    switch input.byte() % 16 {
    case 0...6: appendFrame(.records, &input)
    case 7:
      appendFrame(.seal, &input)
      isSealed = true
      beginSegment(&input)
    case 8: appendFrame(.close, &input)
    case 9: epoch &+= UInt32(input.byte() % 3)
    case 10:
      watermark = nextSequence - 1
    case 11:
      // A tail written ahead; it is legal at the end only.
      files[name, default: []] += [UInt8](repeating: 0, count: Int(input.byte()) * 8)
      if !input.isEmpty { isBroken = true }
    case 12: damage(&input)
    case 13:
      isBroken = true
      files[name, default: []] += input.take(Int(input.byte()))
    case 14:
      isBroken = true
      appendFrame(.checkpoint, &input)
    default:
      isBroken = true
      let end = files[name]?.count ?? 0
      files[name]?.removeLast(min(end, Int(input.integer(UInt16.self)) % (end + 1)))
    }
  }

  /// A bit flipped, a byte zeroed, or a file gone.
  private mutating func damage(_ input: inout InputBytes) {
    isBroken = true
    let names = files.keys.sorted()
    guard !names.isEmpty else { return }
    let victim = names[input.choice(names.count)]
    guard let count = files[victim]?.count, count > 0 else { return }
    let place = Int(input.integer(UInt16.self)) % count
    switch input.byte() % 16 {
    case 0: files[victim] = nil
    case 1...8: files[victim]?[place] ^= 1 << (input.byte() % 8)
    default:
      let end = min(count, place / 512 * 512 + 512)
      files[victim]?.replaceSubrange(place..<end, with: repeatElement(0, count: end - place))
    }
  }

  private mutating func beginSegment(_ input: inout InputBytes) {
    var header = FileHeader(
      kind: .segment, epoch: epoch, identity: Self.identity, sequence: nextSequence, previous: chain)
    name = LogListing.segmentName(nextSequence)
    if files[name] != nil { isBroken = true }
    if input.byte() == 0xFF { breakHeader(&header, &input) }
    files[name] = header.encoded()
    chain = header.encoded().span.integer(UInt32.self, at: LogFormat.fileHeaderBytes - 4)
    isSealed = false
  }

  private mutating func breakHeader(_ header: inout FileHeader, _ input: inout InputBytes) {
    isBroken = true
    switch input.byte() % 5 {
    case 0: header.kind = .checkpoint
    case 1: header.epoch = input.integer()
    case 2: header.identity = LogIdentity(high: input.anyInteger(), low: 7)
    case 3: header.sequence = input.anyInteger()
    default: header.previous = input.integer()
    }
  }

  private mutating func appendCheckpoint(_ input: inout InputBytes) {
    let covered = max(1, input.anyInteger() % (1 << 62))
    let following: UInt32 = input.integer()
    let header = FileHeader(
      kind: .checkpoint, epoch: epoch, identity: Self.identity, sequence: covered, previous: following)
    name = LogListing.checkpointName(covered)
    files[name] = header.encoded()
    chain = header.encoded().span.integer(UInt32.self, at: LogFormat.fileHeaderBytes - 4)
    nextSequence = covered
    watermark = covered
    for _ in 0..<input.choice(4) { appendFrame(.checkpoint, &input) }
    appendFrame(.close, &input)
    chain = following
    nextSequence = covered + 1
    watermark = 0
  }

  private mutating func appendFrame(_ kind: FrameHeader.Kind, _ input: inout InputBytes) {
    var payload: [UInt8] = []
    var block: [UInt8] = []
    if kind.carriesRecords {
      payload = makePayload(&input)
      _ = codec.appendBlock(of: payload.span, to: &block)
    }
    let count = kind.carriesRecords ? UInt32(input.byte() % 7) + 1 : 0
    var header = FrameHeader(
      kind: kind, epoch: epoch, firstSequence: nextSequence, watermark: watermark, recordCount: count,
      payloadBytes: UInt32(payload.count), storedBytes: UInt32(block.count),
      payloadChecksum: block.isEmpty ? 0 : block.span.checksum(), previous: chain)
    if input.byte() == 0xFF { breakFrame(&header, &block, &input) }
    var bytes: [UInt8] = []
    let checksum = header.encode(to: &bytes, seed: Self.identity.checksumSeed)
    if !block.isEmpty {
      bytes += LogFormat.descriptor
      bytes.appendLittleEndian(header.sizeWord)
      bytes += block
      bytes.appendLittleEndian(0 as UInt32)
    }
    files[name, default: []] += bytes
    if kind.carriesRecords { payloads.append(payload) }
    if kind != .seal { chain = checksum }
    if kind == .records { nextSequence &+= UInt64(count) }
  }

  private mutating func makePayload(_ input: inout InputBytes) -> [UInt8] {
    let bytes = input.take(Int(input.byte()) + 1)
    guard input.byte() % 4 == 1 else { return bytes.isEmpty ? [0] : bytes }
    // Long enough to be compressed.
    return Array(repeatElement(bytes.isEmpty ? [9] : bytes, count: 1 + Int(input.byte()))).flatMap { $0 }
  }

  /// One field wrong, under a right checksum.
  private mutating func breakFrame(_ header: inout FrameHeader, _ block: inout [UInt8], _ input: inout InputBytes) {
    isBroken = true
    switch input.byte() % 10 {
    case 0: header.kind = [.records, .checkpoint, .seal, .close][input.choice(4)]
    case 1: header.epoch = input.integer()
    case 2: header.firstSequence = input.anyInteger()
    case 3: header.watermark = input.anyInteger()
    case 4: header.recordCount = input.integer()
    case 5: header.payloadBytes = UInt32(truncatingIfNeeded: input.anyInteger())
    case 6: header.storedBytes = UInt32(truncatingIfNeeded: input.anyInteger())
    case 7: header.payloadChecksum = input.integer()
    case 8: header.previous = input.integer()
    default:
      // A block that LZ4 must refuse, or that yields another length, under the right checksum.
      block = input.take(Int(input.byte()))
      header.storedBytes = UInt32(block.count)
      header.payloadBytes = UInt32(block.count) + UInt32(input.byte())
      header.payloadChecksum = block.span.checksum()
    }
  }
}
