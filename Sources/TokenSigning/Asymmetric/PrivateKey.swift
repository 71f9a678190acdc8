internal import COpenSSL

/// A key pair that signs our access tokens with one algorithm.
///
/// It can be used from any number of threads at once. The secret half cannot be read back from it.
final class PrivateKey: Sendable {
  /// The accepted sizes of RSA keys.
  ///
  /// The signatures of a larger key would leave too little room for claims in a token; see
  /// `TokenVerifier.textBytesMax`.
  static let rsaModulusBits = 2048...4096

  let algorithm: SignatureAlgorithm
  let publicKey: PublicKey
  /// The length of each signature in bytes.
  let signatureBytes: Int
  private let key: CryptoKey
  private let contexts: SignatureContexts

  /// Creates a key pair from its numbers.
  ///
  /// - Throws: `KeyError` if the numbers are not a key, if their kind does not fit the algorithm, or if an RSA key has
  ///   another length than accepted.
  init(_ numbers: KeyNumbers, algorithm: SignatureAlgorithm) throws(KeyError) {
    guard KeyKind(algorithm) == numbers.kind else {
      throw KeyError(.malformed, "is a key of another type than its algorithm \(algorithm.rawValue) needs")
    }
    if numbers.kind == .rsa {
      let range = Self.rsaModulusBits
      guard range.contains(PublicKey.bits(of: numbers.values[0])) else {
        throw KeyError(.weak, "is an RSA key outside of \(range.lowerBound) to \(range.upperBound) bits")
      }
    }
    guard let key = numbers.cryptoKey() else {
      throw KeyError(.malformed, "has numbers that are not those of one key")
    }
    self.algorithm = algorithm
    self.key = key
    publicKey = PublicKey(key)
    signatureBytes = numbers.kind == .rsa ? numbers.values[0].count : 64
    contexts = SignatureContexts(key, signs: true, isPSS: algorithm == .ps256)
  }

  /// Returns the JWS signature of a message (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1), of `signatureBytes` bytes.
  func signature(of message: Span<UInt8>) -> [UInt8] {
    guard let signature = made(of: message), signature.count == signatureBytes else {
      // The key was checked when it was read, so libcrypto must have run out of memory.
      preconditionFailure("libcrypto could not sign")
    }
    return signature
  }

  private func made(of message: Span<UInt8>) -> [UInt8]? {
    switch algorithm {
    case .hs256: return nil
    case .rs256, .ps256: return hashed(message, bytesMax: signatureBytes)
    case .es256: return hashed(message, bytesMax: P256Signature.derBytesMax).flatMap(P256Signature.raw)
    case .edDSA:
      var signature = [UInt8](repeating: 0, count: signatureBytes)
      let isMade = unsafe message.withUnsafeBufferPointer { message in
        unsafe ledger_ed25519_sign(key.pointer, message.baseAddress, message.count, &signature)
      }
      return isMade == 1 ? signature : nil
    }
  }

  private func hashed(_ message: Span<UInt8>, bytesMax: Int) -> [UInt8]? {
    unsafe message.withUnsafeBufferPointer { message in
      unsafe contexts.withContext { context in
        unsafe [UInt8](unsafeUninitializedCapacity: bytesMax) { target, initialized in
          initialized = unsafe ledger_sign_hashed(
            context, message.baseAddress, message.count, target.baseAddress, target.count)
        }
      }
    }
  }
}
