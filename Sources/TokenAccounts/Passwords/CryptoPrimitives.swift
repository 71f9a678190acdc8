internal import COpenSSL

/// Bytes from libcrypto's seeded generator.
enum RandomBytes {
  static func make(_ count: Int) throws(AccountError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard let length = Int32(exactly: count), unsafe RAND_bytes(&bytes, length) == 1 else {
      throw .hashing("no random bytes")
    }
    return bytes
  }
}

/// A comparison whose time does not tell at which place two byte strings differ.
enum ConstantTime {
  /// False at once if the lengths differ: lengths are no secret here.
  static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
  }
}
