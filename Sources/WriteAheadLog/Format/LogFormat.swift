internal import CChecksum
internal import Glibc

/// The constants of docs/wal-format.md.
enum LogFormat {
  static let fileMagic: UInt32 = 0x184D_2A5E
  static let frameMagic: UInt32 = 0x184D_2A5F
  /// Of the files that are written.
  static let version: UInt16 = 2
  /// Of the files that are read.
  static let versionsRead: ClosedRange<UInt16> = 1...2
  static let fileHeaderBytes = 64
  static let frameHeaderBytes = 56
  /// LZ4 frame magic, version 1 with independent blocks, blocks up to 1 MiB, header checksum.
  static let descriptor: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x60, 0x51]
  /// The descriptor and the block's size word.
  static let preludeBytes = 11
  static let endMarkBytes = 4
  /// No log is opened that has come so far; a million records a second take 290,000 years.
  static let sequenceMax: UInt64 = 1 << 63
  static let payloadBytesMax = 1 << 20
  static let frameBytesMax = frameHeaderBytes + preludeBytes + payloadBytesMax + endMarkBytes
  static let uncompressedBit: UInt32 = 1 << 31
  /// What a disk writes wholly or not at all.
  static let sectorBytes: UInt64 = 512
}

extension Span<UInt8> {
  /// The little-endian integer at `offset`, which must lie wholly inside. Inlinable, or each call in another module would look its
  /// type up at run time.
  @inlinable package func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type, at offset: Int) -> Value {
    precondition(offset >= 0 && offset <= count - Value.bitWidth / 8)
    let loaded = unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    return Value(littleEndian: loaded)
  }

  /// CRC32C of all bytes, going on from `seed`.
  func checksum(seed: UInt32 = 0) -> UInt32 {
    unsafe withUnsafeBytes { bytes in unsafe cchecksum_crc32c(seed, bytes.baseAddress, bytes.count) }
  }

  var isZero: Bool {
    unsafe withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      // All bytes equal the one before them, and the first is zero.
      return unsafe bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }
  }
}

extension [UInt8] {
  mutating func appendInteger(_ value: some FixedWidthInteger & UnsignedInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }
}

extension LogIdentity {
  /// What header checksums of this log go on from.
  var checksumSeed: UInt32 {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes.span.checksum()
  }

  func append(to bytes: inout [UInt8]) {
    bytes.appendInteger(high.byteSwapped)
    bytes.appendInteger(low.byteSwapped)
  }

  init(from span: Span<UInt8>, at offset: Int) {
    self.init(
      high: span.integer(UInt64.self, at: offset).byteSwapped,
      low: span.integer(UInt64.self, at: offset + 8).byteSwapped)
  }
}
