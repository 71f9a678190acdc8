internal import CChecksum
internal import Platform

/// The constants of docs/wal-format.md.
enum LogFormat {
  static let fileMagic: UInt32 = 0x184D_2A5E
  static let frameMagic: UInt32 = 0x184D_2A5F
  /// The version of the files that are written.
  static let version: UInt16 = 2
  /// The versions of the files that are read.
  static let versionsRead: ClosedRange<UInt16> = 1...2
  static let fileHeaderBytes = 64
  static let frameHeaderBytes = 56
  /// The beginning of an LZ4 frame: its magic number, version 1 with independent blocks, blocks up to 1 MiB, and the
  /// checksum of the header.
  static let descriptor: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x60, 0x51]
  /// The descriptor and the block's size word.
  static let preludeBytes = 11
  static let endMarkBytes = 4
  /// The sequence from which on a log is not opened; a million records a second would take 290,000 years.
  static let sequenceMax: UInt64 = 1 << 63
  static let payloadBytesMax = 1 << 20
  static let frameBytesMax = frameHeaderBytes + preludeBytes + payloadBytesMax + endMarkBytes
  static let uncompressedBit: UInt32 = 1 << 31
  /// The number of bytes that a disk writes completely or not at all.
  static let sectorBytes: UInt64 = 512
}

extension Span<UInt8> {
  /// Returns the CRC32C of all bytes, continuing from `seed`.
  func checksum(seed: UInt32 = 0) -> UInt32 {
    unsafe withUnsafeBytes { bytes in unsafe cchecksum_crc32c(seed, bytes.baseAddress, bytes.count) }
  }
}

extension LogIdentity {
  /// The seed of this log's header checksums.
  var checksumSeed: UInt32 {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes.span.checksum()
  }

  func append(to bytes: inout [UInt8]) {
    bytes.appendLittleEndian(high.byteSwapped)
    bytes.appendLittleEndian(low.byteSwapped)
  }

  init(from span: Span<UInt8>, at offset: Int) {
    self.init(
      high: span.integer(UInt64.self, at: offset).byteSwapped,
      low: span.integer(UInt64.self, at: offset + 8).byteSwapped)
  }
}
