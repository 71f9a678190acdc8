/// CRC32C written anew from RFC 3720, so that what is expected of the log does not rest on the log's own code.
enum SpecifiedChecksum {
  /// Eight tables of 256: the n-th says what a byte does that is followed by n zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var sum = UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
      tables[byte] = sum
    }
    for index in 256..<(8 * 256) {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  /// Returns the sum of a range of bytes, or of all; `seed` is the sum of bytes that are thought to stand before.
  static func crc32c(_ bytes: [UInt8], _ range: Range<Int>? = nil, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { all in
      let part = UnsafeRawBufferPointer(rebasing: all[range ?? 0..<all.count])
      return tables.withUnsafeBufferPointer { sum(part, $0, seed: seed) }
    }
  }

  private static func sum(
    _ bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>, seed: UInt32
  ) -> UInt32 {
    var sum = ~seed
    var place = 0
    while place + 8 <= bytes.count {
      let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)) ^ sum
      let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self))
      sum = tables[7 * 256 + Int(low & 0xFF)] ^ tables[6 * 256 + Int(low >> 8 & 0xFF)]
      sum ^= tables[5 * 256 + Int(low >> 16 & 0xFF)] ^ tables[4 * 256 + Int(low >> 24)]
      sum ^= tables[3 * 256 + Int(high & 0xFF)] ^ tables[2 * 256 + Int(high >> 8 & 0xFF)]
      sum ^= tables[256 + Int(high >> 16 & 0xFF)] ^ tables[Int(high >> 24)]
      place += 8
    }
    while place < bytes.count {
      sum = sum >> 8 ^ tables[Int((sum ^ UInt32(bytes[place])) & 0xFF)]
      place += 1
    }
    return ~sum
  }
}

extension [UInt8] {
  /// The little-endian number of `width` bytes at `offset`, which must lie wholly inside.
  func number(at offset: Int, width: Int) -> UInt64 {
    var number: UInt64 = 0
    for place in 0..<width { number |= UInt64(self[offset + place]) << UInt64(8 * place) }
    return number
  }

  func word(at offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(at: offset, width: 4)) }

  mutating func setNumber(_ number: UInt64, at offset: Int, width: Int) {
    for place in 0..<width { self[offset + place] = UInt8(truncatingIfNeeded: number >> UInt64(8 * place)) }
  }

  func isZero(in range: Range<Int>) -> Bool {
    self[range].allSatisfy { $0 == 0 }
  }
}
