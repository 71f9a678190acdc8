internal import COpenSSL

/// A public key, and the only place that checks signatures with one.
///
/// It can be used from any number of threads at once.
final class PublicKey: Sendable {
  static let rsaModulusBits = 2048...8192

  private let key: CryptoKey
  private let contexts: SignatureContexts
  private let pssContexts: SignatureContexts

  /// Creates a public key from a key of libcrypto.
  ///
  /// A secret half, if there is one, is not used.
  init(_ key: CryptoKey) {
    self.key = key
    contexts = SignatureContexts(key, signs: false, isPSS: false)
    pssContexts = SignatureContexts(key, signs: false, isPSS: true)
  }

  /// Returns a key of P-256, or nil unless both coordinates have 32 bytes and the point lies on the curve.
  static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
    guard x.count == 32, y.count == 32 else { return nil }
    let point = [0x04] + x + y
    return unsafe CryptoKey(ledger_p256_public_key(point, point.count)).map(PublicKey.init)
  }

  /// Returns a key of Ed25519, or nil unless it has 32 bytes of a canonically encoded point (RFC 8032 §5.1.3) that is
  /// not of small order: anybody can make signatures that such a key accepts.
  static func ed25519(_ bytes: [UInt8]) -> PublicKey? {
    guard bytes.count == 32, Ed25519Point.isKey(bytes) else { return nil }
    return unsafe CryptoKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)).map(PublicKey.init)
  }

  /// Returns an RSA key, or nil unless the modulus is odd and has 2048 to 8192 bits, and the exponent is odd, above 1
  /// and at most 64 bits.
  ///
  /// `isTrusted` is false for a key that came with what it signs. libcrypto then skips the test, of 6 to 250 ms, that
  /// the modulus is not a prime: a key that others can forge signatures for harms nobody but its owner.
  static func rsa(modulus: [UInt8], exponent: [UInt8], isTrusted: Bool = true) -> PublicKey? {
    guard rsaModulusBits.contains(bits(of: modulus)), let last = modulus.last, last % 2 == 1 else { return nil }
    guard let low = exponent.last, exponent.first != 0, exponent.count <= 8, low % 2 == 1, exponent != [1] else {
      return nil
    }
    let made = unsafe ledger_rsa_public_key(modulus, modulus.count, exponent, exponent.count, isTrusted ? 1 : 0)
    return unsafe CryptoKey(made).map(PublicKey.init)
  }

  /// Returns the number of bits of a big-endian number, or 0 if it begins with a zero byte.
  static func bits(of number: [UInt8]) -> Int {
    guard let top = number.first, top != 0 else { return 0 }
    return number.count * 8 - top.leadingZeroBitCount
  }

  /// Checks whether a JWS signature (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1) of the message is valid.
  func verifies(_ signature: [UInt8], of message: Span<UInt8>, by algorithm: SignatureAlgorithm) -> Bool {
    switch algorithm {
    case .hs256: return false
    case .rs256: return verify(signature, message, in: contexts)
    case .ps256: return verify(signature, message, in: pssContexts)
    case .es256:
      guard let der = P256Signature.der(signature) else { return false }
      return verify(der, message, in: contexts)
    case .edDSA:
      return unsafe message.withUnsafeBufferPointer { message in
        unsafe ledger_ed25519_verify(key.pointer, message.baseAddress, message.count, signature, signature.count) == 1
      }
    }
  }

  private func verify(_ signature: [UInt8], _ message: Span<UInt8>, in contexts: SignatureContexts) -> Bool {
    let isGood = unsafe message.withUnsafeBufferPointer { message in
      unsafe contexts.withContext { context in
        unsafe ledger_verify_hashed(context, message.baseAddress, message.count, signature, signature.count) == 1
      }
    }
    return isGood ?? false
  }
}

/// A filter for the encoded points of edwards25519 that are not acceptable public keys, all of which OpenSSL accepts.
enum Ed25519Point {
  /// The `y` coordinates, little-endian, of the eight points whose order divides the cofactor.
  ///
  /// Each stands for one or two points, by its sign bit.
  private static let smallOrder: [[UInt8]] = [
    [UInt8](repeating: 0, count: 32),
    [1] + [UInt8](repeating: 0, count: 31),
    [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC,
      0x05,
      0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ],
    [
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53,
      0xFA,
      0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ],
    [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
  ]

  /// Checks whether the 32 bytes of a point are an acceptable public key.
  static func isKey(_ bytes: [UInt8]) -> Bool {
    var y = bytes
    y[31] &= 0x7F
    // A `y` of 2^255 - 19 or above is out of range.
    let isOutOfRange = y[0] >= 0xED && y[1..<31].allSatisfy { $0 == 0xFF } && y[31] == 0x7F
    return !isOutOfRange && !smallOrder.contains(y)
  }
}
