internal import COpenSSL

/// A public key, and the one place that checks signatures by it. Safe from any number of threads at once.
final class PublicKey: Sendable {
  static let rsaModulusBits = 2048...8192

  private let key: CryptoKey
  private let contexts: SignatureContexts
  private let pssContexts: SignatureContexts

  /// The public half of a key; the secret one, where there is one, is not used.
  init(_ key: CryptoKey) {
    self.key = key
    contexts = SignatureContexts(key, signs: false, isPSS: false)
    pssContexts = SignatureContexts(key, signs: false, isPSS: true)
  }

  /// A key of P-256; nil unless both are 32 bytes and the point lies on the curve.
  static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
    guard x.count == 32, y.count == 32 else { return nil }
    let point = [0x04] + x + y
    return unsafe CryptoKey(ledger_p256_public_key(point, point.count)).map(PublicKey.init)
  }

  /// A key of Ed25519; nil unless 32 bytes of a point that is written in the one canonical way (RFC 8032 §5.1.3) and is
  /// not of small order: under such a key there are signatures that anybody can make.
  static func ed25519(_ bytes: [UInt8]) -> PublicKey? {
    guard bytes.count == 32, Ed25519Point.isKey(bytes) else { return nil }
    return unsafe CryptoKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)).map(PublicKey.init)
  }

  /// An RSA key; nil unless the modulus is odd and has 2048 to 8192 bits, and the exponent is odd, over 1 and at most
  /// 64 bits.
  ///
  /// - Parameter isTrusted: false for a key that whoever signs has sent along. libcrypto then does not try for 6 to 250
  ///   ms to show that the modulus is no prime: a key that others can forge by harms nobody but its owner.
  static func rsa(modulus: [UInt8], exponent: [UInt8], isTrusted: Bool = true) -> PublicKey? {
    guard rsaModulusBits.contains(bits(of: modulus)), let last = modulus.last, last % 2 == 1 else { return nil }
    guard let low = exponent.last, exponent.first != 0, exponent.count <= 8, low % 2 == 1, exponent != [1] else {
      return nil
    }
    let made = unsafe ledger_rsa_public_key(modulus, modulus.count, exponent, exponent.count, isTrusted ? 1 : 0)
    return unsafe CryptoKey(made).map(PublicKey.init)
  }

  /// The length of a big-endian number; 0 for one that is written with a zero in front.
  static func bits(of number: [UInt8]) -> Int {
    guard let top = number.first, top != 0 else { return 0 }
    return number.count * 8 - top.leadingZeroBitCount
  }

  /// Whether a JWS signature (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1) over the message is good.
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

/// The encoded points of edwards25519 that are not public keys; OpenSSL takes them all.
enum Ed25519Point {
  /// The `y` of the eight points whose order divides the cofactor, little-endian: each has one or two signs.
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

  /// - Parameter bytes: 32 of them.
  static func isKey(_ bytes: [UInt8]) -> Bool {
    var y = bytes
    y[31] &= 0x7F
    // 2^255 - 19 and what is above it.
    let isOutOfRange = y[0] >= 0xED && y[1..<31].allSatisfy { $0 == 0xFF } && y[31] == 0x7F
    return !isOutOfRange && !smallOrder.contains(y)
  }
}
