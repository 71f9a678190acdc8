internal import COpenSSL

/// Random bytes from libcrypto's seeded generator.
enum RandomBytes {
  static func make(_ count: Int) throws(AccountError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard let length = Int32(exactly: count), unsafe RAND_bytes(&bytes, length) == 1 else {
      throw .hashing("no random bytes")
    }
    return bytes
  }
}

/// A comparison whose time does not reveal where two byte strings differ.
enum ConstantTime {
  /// Compares two byte strings.
  ///
  /// Different lengths are not secret here, so they return false at once.
  static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
  }
}
