internal import COpenSSL

/// A public key of libcrypto, and the one place that checks signatures by it.
///
/// `@unchecked Sendable`: an EVP_PKEY is not changed after it was made, and libcrypto lets any number of threads verify
/// by it at once.
@safe final class PublicKey: @unchecked Sendable {
  static let rsaModulusBits = 2048...8192

  private let pointer: OpaquePointer

  private init?(_ pointer: OpaquePointer?) {
    ERR_clear_error()
    guard let pointer = unsafe pointer else { return nil }
    unsafe self.pointer = unsafe pointer
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// Nil unless both are 32 bytes and the point lies on P-256.
  static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
    guard x.count == 32, y.count == 32 else { return nil }
    let point = [0x04] + x + y
    return unsafe PublicKey(ledger_p256_public_key(point, point.count))
  }

  /// Nil unless 32 bytes.
  static func ed25519(_ bytes: [UInt8]) -> PublicKey? {
    guard bytes.count == 32 else { return nil }
    return unsafe PublicKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
  }

  /// Nil unless the modulus has 2048 to 8192 bits and the exponent is odd, over 1 and at most 64 bits.
  static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
    guard let top = modulus.first, top != 0, let low = exponent.last, exponent.first != 0 else { return nil }
    guard rsaModulusBits.contains(modulus.count * 8 - top.leadingZeroBitCount) else { return nil }
    guard exponent.count <= 8, low % 2 == 1, exponent != [1] else { return nil }
    return unsafe PublicKey(ledger_rsa_public_key(modulus, modulus.count, exponent, exponent.count))
  }

  /// Whether a JWS signature (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1) over the message is good.
  func verifies(_ signature: [UInt8], of message: Span<UInt8>, by algorithm: SignatureAlgorithm) -> Bool {
    switch algorithm {
    case .hs256: return false
    case .rs256: return verify(signature, message, hashed: true, pss: false)
    case .ps256: return verify(signature, message, hashed: true, pss: true)
    case .edDSA: return verify(signature, message, hashed: false, pss: false)
    case .es256:
      guard let der = P256Signature.der(signature) else { return false }
      return verify(der, message, hashed: true, pss: false)
    }
  }

  private func verify(_ signature: [UInt8], _ message: Span<UInt8>, hashed: Bool, pss: Bool) -> Bool {
    unsafe message.withUnsafeBufferPointer { message in
      unsafe ledger_verify(
        pointer, hashed ? 1 : 0, pss ? 1 : 0, message.baseAddress, message.count, signature, signature.count) == 1
    }
  }
}
