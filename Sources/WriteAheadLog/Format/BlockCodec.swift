internal import CLZ4

/// LZ4 blocks, with a compressor state that is made once.
struct BlockCodec: Sendable {
  /// Below this many bytes compression gains nothing worth its time.
  static let compressedBytesMin = 128

  /// `UInt64` for the alignment that LZ4 asks of its state.
  private var state: [UInt64]

  init() {
    state = Array(repeating: 0, count: (Int(LZ4_sizeofState()) + 7) / 8)
  }

  /// Appends `payload`, compressed if that is smaller, and returns how many bytes were appended.
  ///
  /// - Parameter payload: 1 byte to 1 MiB.
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

  /// Replaces `payload`'s content by what `block` holds.
  ///
  /// - Returns: false if the block is not one that yields exactly `count` bytes.
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
