internal import CLZ4
internal import Platform

/// An encoder of consecutive frames: their headers, chain and blocks.
struct FrameEncoder {
  /// The beginning of a frame: room for the header, the LZ4 descriptor, room for the size word.
  private static let prelude =
    [UInt8](repeating: 0, count: LogFormat.frameHeaderBytes) + LogFormat.descriptor + [UInt8](repeating: 0, count: 4)

  let epoch: UInt32
  /// The value that the next header carries as *previous*.
  var chain: UInt32
  private let seed: UInt32
  private var codec = BlockCodec()

  init(identity: LogIdentity, epoch: UInt32, chain: UInt32) {
    self.epoch = epoch
    self.chain = chain
    seed = identity.checksumSeed
  }

  /// Appends a frame with a payload of 1 byte to 1 MiB.
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
    bytes.appendLittleEndian(0 as UInt32)
    bytes.overwriteLittleEndian(header.sizeWord, at: blockStart - 4)
    var encoded: [UInt8] = []
    encoded.reserveCapacity(LogFormat.frameHeaderBytes)
    chain = header.encode(to: &encoded, seed: seed)
    bytes.replaceSubrange(headerStart..<(headerStart + LogFormat.frameHeaderBytes), with: encoded)
  }

  /// Appends a frame without records: a seal or a close.
  ///
  /// A seal does not change the chain for the next frame, which is in the next segment: the header of that was written
  /// before the seal.
  mutating func appendMark(
    _ kind: FrameHeader.Kind, firstSequence: UInt64, watermark: UInt64, to bytes: inout [UInt8]
  ) {
    let header = FrameHeader(
      kind: kind, epoch: epoch, firstSequence: firstSequence, watermark: watermark, recordCount: 0,
      payloadBytes: 0, storedBytes: 0, payloadChecksum: 0, previous: chain)
    chain = header.encode(to: &bytes, seed: seed)
  }
}

/// A codec for LZ4 blocks, whose compressor state is made once.
struct BlockCodec: Sendable {
  /// The fewest bytes that are compressed; below this, compression is not worth its time.
  static let compressedBytesMin = 128

  /// The compressor state, as `UInt64` for the alignment that LZ4 needs.
  private var state: [UInt64]

  init() {
    state = Array(repeating: 0, count: (Int(LZ4_sizeofState()) + 7) / 8)
  }

  /// Appends `payload`, compressed if that is smaller, and returns the number of bytes appended.
  ///
  /// The payload has 1 byte to 1 MiB.
  mutating func appendBlock(of payload: Span<UInt8>, to bytes: inout [UInt8]) -> Int {
    if payload.count >= Self.compressedBytesMin {
      let start = bytes.count
      bytes.append(addingCapacity: payload.count - 1) { free in
        unsafe free.withUnsafeMutableBufferPointer { target, count in
          count = unsafe compress(payload, into: UnsafeMutableRawBufferPointer(target))
        }
      }
      if bytes.count > start { return bytes.count - start }
    }
    unsafe payload.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return payload.count
  }

  /// Compresses the payload.
  ///
  /// Returns 0 if the block does not fit.
  private mutating func compress(_ payload: Span<UInt8>, into target: UnsafeMutableRawBufferPointer) -> Int {
    let written = unsafe state.withUnsafeMutableBytes { state in
      unsafe payload.withUnsafeBytes { source in
        unsafe LZ4_compress_fast_extState(
          state.baseAddress, source.baseAddress, target.baseAddress, Int32(source.count), Int32(target.count), 1)
      }
    }
    return max(0, Int(written))
  }

  /// Replaces the content of `payload` by that of `block`.
  ///
  /// - Returns: False if the block does not yield exactly `count` bytes.
  static func decode(_ block: Span<UInt8>, count: Int, into payload: inout [UInt8]) -> Bool {
    payload.removeAll(keepingCapacity: true)
    if block.count == count {
      unsafe block.withUnsafeBytes { unsafe payload.append(contentsOf: $0) }
      return true
    }
    payload.append(addingCapacity: count) { free in
      unsafe free.withUnsafeMutableBufferPointer { target, decoded in
        let written = unsafe block.withUnsafeBytes { source in
          unsafe LZ4_decompress_safe(
            source.baseAddress, UnsafeMutableRawPointer(target.baseAddress), Int32(source.count), Int32(count))
        }
        decoded = max(0, Int(written))
      }
    }
    return payload.count == count
  }
}
