/// docs/wal-format.md, section 2.2, read and written anew: the fields of a frame header, whatever they say.
struct SpecifiedFrame: Equatable {
  static let headerBytes = 56
  static let preludeBytes = 11
  static let descriptor: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x60, 0x51]

  enum Kind {
    static let records: UInt8 = 1
    static let checkpoint: UInt8 = 2
    static let seal: UInt8 = 3
    static let close: UInt8 = 4
  }

  var length: UInt32 = 48
  var kind: UInt8
  var reserved: UInt64 = 0
  var epoch: UInt32
  var firstSequence: UInt64
  var watermark: UInt64
  var recordCount: UInt32
  var payloadBytes: UInt32
  var storedBytes: UInt32
  var payloadChecksum: UInt32
  var previous: UInt32
  /// As it stands in the header; `encoded` makes a right one.
  var checksum: UInt32 = 0

  /// The header at `offset` if one with the right magic and checksum stands there.
  init?(at offset: Int, in bytes: [UInt8], seed: UInt32) {
    guard
      offset + Self.headerBytes <= bytes.count, bytes[offset] == 0x5F, bytes.word(at: offset) == 0x184D_2A5F,
      bytes.word(at: offset + 52) == SpecifiedChecksum.crc32c(bytes, offset..<(offset + 52), seed: seed)
    else { return nil }
    length = bytes.word(at: offset + 4)
    kind = bytes[offset + 8]
    reserved = bytes.number(at: offset + 9, width: 3)
    epoch = bytes.word(at: offset + 12)
    firstSequence = bytes.number(at: offset + 16, width: 8)
    watermark = bytes.number(at: offset + 24, width: 8)
    recordCount = bytes.word(at: offset + 32)
    payloadBytes = bytes.word(at: offset + 36)
    storedBytes = bytes.word(at: offset + 40)
    payloadChecksum = bytes.word(at: offset + 44)
    previous = bytes.word(at: offset + 48)
    checksum = bytes.word(at: offset + 52)
  }

  /// The header with a right checksum.
  func encoded(seed: UInt32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.headerBytes)
    bytes.setNumber(0x184D_2A5F, at: 0, width: 4)
    bytes.setNumber(UInt64(length), at: 4, width: 4)
    bytes[8] = kind
    bytes.setNumber(reserved, at: 9, width: 3)
    bytes.setNumber(UInt64(epoch), at: 12, width: 4)
    bytes.setNumber(firstSequence, at: 16, width: 8)
    bytes.setNumber(watermark, at: 24, width: 8)
    bytes.setNumber(UInt64(recordCount), at: 32, width: 4)
    bytes.setNumber(UInt64(payloadBytes), at: 36, width: 4)
    bytes.setNumber(UInt64(storedBytes), at: 40, width: 4)
    bytes.setNumber(UInt64(payloadChecksum), at: 44, width: 4)
    bytes.setNumber(UInt64(previous), at: 48, width: 4)
    bytes.setNumber(UInt64(SpecifiedChecksum.crc32c(bytes, 0..<52, seed: seed)), at: 52, width: 4)
    return bytes
  }

  /// Header and LZ4 frame around `block`, whose length and checksum are put into the header.
  func encoded(around block: [UInt8], seed: UInt32) -> [UInt8] {
    var header = self
    header.storedBytes = UInt32(block.count)
    header.payloadChecksum = SpecifiedChecksum.crc32c(block)
    var bytes = header.encoded(seed: seed) + Self.descriptor + [0, 0, 0, 0]
    bytes.setNumber(UInt64(header.sizeWord), at: bytes.count - 4, width: 4)
    return bytes + block + [0, 0, 0, 0]
  }

  var carriesRecords: Bool { kind == Kind.records || kind == Kind.checkpoint }
  var sizeWord: UInt32 { storedBytes == payloadBytes ? storedBytes | 1 << 31 : storedBytes }
  /// Without the end mark, which is zero by definition.
  var contentBytes: Int { Self.headerBytes + (payloadBytes > 0 ? Self.preludeBytes + Int(storedBytes) : 0) }
  var bytes: Int { contentBytes + (payloadBytes > 0 ? 4 : 0) }

  /// Whether the fields agree with section 2.2, whatever stood before.
  var isPossible: Bool {
    guard length == 48, (1...4).contains(kind), reserved == 0 else { return false }
    guard payloadBytes <= 1 << 20, storedBytes <= payloadBytes else { return false }
    guard !firstSequence.addingReportingOverflow(UInt64(recordCount)).overflow else { return false }
    return carriesRecords
      ? recordCount > 0 && payloadBytes > 0 && storedBytes > 0
      : recordCount == 0 && payloadBytes == 0 && storedBytes == 0 && payloadChecksum == 0
  }
}

/// The same of section 2.1, the header of a file.
struct SpecifiedFileHeader: Equatable {
  static let bytes = 64

  enum Fault: Error {
    case damaged
    case version(UInt16)
  }

  var isCheckpoint: Bool
  var epoch: UInt32
  var identity: [UInt8]
  var sequence: UInt64
  var previous: UInt32
  var checksum: UInt32

  init(_ bytes: [UInt8]) throws(Fault) {
    guard
      bytes.count >= Self.bytes, bytes.word(at: 0) == 0x184D_2A5E, bytes.word(at: 4) == 56,
      Array(bytes[8..<16]) == Array("RLEDGWAL".utf8), bytes.word(at: 60) == SpecifiedChecksum.crc32c(bytes, 0..<60)
    else { throw .damaged }
    let version = UInt16(bytes.number(at: 16, width: 2))
    guard version == 1 || version == 2 else { throw .version(version) }
    let kind = bytes.number(at: 18, width: 2)
    guard kind == 1 || kind == 2, bytes.number(at: 52, width: 8) == 0 else { throw .damaged }
    isCheckpoint = kind == 2
    epoch = bytes.word(at: 20)
    identity = Array(bytes[24..<40])
    sequence = bytes.number(at: 40, width: 8)
    previous = bytes.word(at: 48)
    checksum = bytes.word(at: 60)
  }

  var seed: UInt32 { SpecifiedChecksum.crc32c(identity) }
}
