import Testing

@testable import WriteAheadLog

@Suite("Under a right checksum")
struct FrameRefusalTests {
  private static let seed: UInt32 = 7

  private static let right = FrameHeader(
    kind: .records, epoch: 1, firstSequence: 1, watermark: 0, recordCount: 1, payloadBytes: 9, storedBytes: 9,
    payloadChecksum: 5, previous: 3)

  private func isImpossible(_ bytes: [UInt8]) -> Bool {
    do throws(FrameHeader.Refusal) {
      _ = try FrameHeader.decode(bytes.span, seed: Self.seed)
      return false
    } catch {
      if case .impossible = error { return true }
      return false
    }
  }

  private func encoded(_ header: FrameHeader) -> [UInt8] {
    var bytes: [UInt8] = []
    _ = header.encode(to: &bytes, seed: Self.seed)
    return bytes
  }

  /// With another byte somewhere, and the checksum that belongs to it.
  private func encoded(replacing place: Int, with byte: UInt8) -> [UInt8] {
    var bytes = encoded(Self.right)
    bytes[place] = byte
    let checksum = bytes.span.extracting(0..<52).checksum(seed: Self.seed)
    for index in 0..<4 { bytes[52 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return bytes
  }

  @Test("every value of a reserved byte but zero is refused", arguments: [9, 10, 11])
  func reserved(place: Int) {
    #expect(!isImpossible(encoded(replacing: place, with: 0)))
    for value in 1...255 as ClosedRange<UInt8> {
      #expect(isImpossible(encoded(replacing: place, with: value)), "byte \(place) is \(value)")
    }
  }

  @Test("records without bytes, and bytes without records, are refused")
  func lengths() {
    var header = Self.right
    header.payloadBytes = 0
    header.storedBytes = 0
    header.payloadChecksum = 0
    #expect(isImpossible(encoded(header)))
    header = Self.right
    header.storedBytes = 0
    header.payloadChecksum = 0
    #expect(isImpossible(encoded(header)))
    header = Self.right
    header.recordCount = 0
    #expect(isImpossible(encoded(header)))
    header.kind = .seal
    #expect(isImpossible(encoded(header)))
  }

  @Test("a block that yields fewer or more bytes than it should, or none, is refused")
  func blocks() {
    let payload = [UInt8](repeating: 3, count: 400)
    var codec = BlockCodec()
    var block: [UInt8] = []
    #expect(codec.appendBlock(of: payload.span, to: &block) == block.count)
    #expect(block.count < payload.count)
    var decoded: [UInt8] = []
    #expect(BlockCodec.decode(block.span, count: payload.count, into: &decoded))
    #expect(decoded == payload)
    for count in [payload.count + 1, payload.count - 1, 1 << 20] {
      #expect(!BlockCodec.decode(block.span, count: count, into: &decoded), "\(count)")
    }
    let nonsense: [UInt8] = [0xFF, 0xFF, 0xFF]
    #expect(!BlockCodec.decode(nonsense.span, count: 400, into: &decoded))
  }

  @Test("a frame of an earlier opening than the one before it is refused")
  func epochs() throws {
    var chain = FrameChain()
    let file = FileHeader(
      kind: .segment, epoch: 5, identity: LogIdentity(high: 1, low: 2), sequence: 1, previous: 0)
    try chain.admitSegment(file, checksum: 3, firstSequence: 1)
    var header = Self.right
    for (epoch, isAdmitted) in [(4, false), (5, true), (6, true)] as [(UInt32, Bool)] {
      header.epoch = epoch
      var tried = chain
      #expect(((try? tried.admit(header, checksum: 9)) != nil) == isAdmitted, "epoch \(epoch)")
    }
  }
}
