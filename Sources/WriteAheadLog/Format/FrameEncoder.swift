/// Puts frames behind one another: their headers, their chain, their blocks.
struct FrameEncoder {
  /// Room for the header, the LZ4 descriptor, room for the size word.
  private static let prelude =
    [UInt8](repeating: 0, count: LogFormat.frameHeaderBytes) + LogFormat.descriptor + [UInt8](repeating: 0, count: 4)

  let epoch: UInt32
  /// What the next header carries as *previous*.
  var chain: UInt32
  private let seed: UInt32
  private var codec = BlockCodec()

  init(identity: LogIdentity, epoch: UInt32, chain: UInt32) {
    self.epoch = epoch
    self.chain = chain
    seed = identity.checksumSeed
  }

  /// - Parameter payload: 1 byte to 1 MiB.
  mutating func append(
    _ kind: FrameHeader.Kind, _ payload: Span<UInt8>, recordCount: UInt32, firstSequence: UInt64, watermark: UInt64,
    to bytes: inout [UInt8]
  ) {
    let headerStart = bytes.count
    bytes += Self.prelude
    let blockStart = bytes.count
    let stored = codec.appendBlock(of: payload, to: &bytes)
    let header = FrameHeader(
      kind: kind, epoch: epoch, firstSequence: firstSequence, watermark: watermark, recordCount: recordCount,
      payloadBytes: UInt32(payload.count), storedBytes: UInt32(stored),
      payloadChecksum: bytes.span.extracting(blockStart..<bytes.count).checksum(), previous: chain)
    bytes.appendInteger(0 as UInt32)
    bytes.overwriteInteger(header.sizeWord, at: blockStart - 4)
    var encoded: [UInt8] = []
    encoded.reserveCapacity(LogFormat.frameHeaderBytes)
    chain = header.encode(to: &encoded, seed: seed)
    bytes.replaceSubrange(headerStart..<(headerStart + LogFormat.frameHeaderBytes), with: encoded)
  }

  /// A frame without records: a seal or a close. A seal does not change the chain for the frame that follows it in the
  /// next segment, whose header was written before it.
  mutating func appendMark(
    _ kind: FrameHeader.Kind, firstSequence: UInt64, watermark: UInt64, to bytes: inout [UInt8]
  ) {
    let header = FrameHeader(
      kind: kind, epoch: epoch, firstSequence: firstSequence, watermark: watermark, recordCount: 0,
      payloadBytes: 0, storedBytes: 0, payloadChecksum: 0, previous: chain)
    chain = header.encode(to: &bytes, seed: seed)
  }
}

extension [UInt8] {
  fileprivate mutating func overwriteInteger(_ value: UInt32, at offset: Int) {
    for place in 0..<4 { self[offset + place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
  }
}
