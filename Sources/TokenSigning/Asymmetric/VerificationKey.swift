/// A key that verifies tokens.
///
/// The key decides which algorithms it is for, never the token.
package struct VerificationKey: Sendable {
  private enum Material: Sendable {
    case secret(HMACKey)
    case publicKey(PublicKey)
  }

  /// The `kid`, if the key has one.
  package let id: String?
  package let algorithms: [SignatureAlgorithm]
  private let material: Material

  /// Creates a key from a secret of at least 32 bytes, for HS256 only.
  init(secret: [UInt8], id: String?) throws(KeyError) {
    guard let hmac = HMACKey(secret: secret.span) else {
      throw KeyError(.weak, "an HS256 key must have at least \(HMACKey.secretBytesMin) bytes")
    }
    self.init(hmac, id: id)
  }

  init(_ hmac: HMACKey, id: String?) {
    self.id = id
    algorithms = [.hs256]
    material = .secret(hmac)
  }

  init(_ key: PublicKey, algorithms: [SignatureAlgorithm], id: String?) {
    self.id = id
    self.algorithms = algorithms
    material = .publicKey(key)
  }

  func verifies(_ signature: [UInt8], of message: Span<UInt8>, by algorithm: SignatureAlgorithm) -> Bool {
    guard algorithms.contains(algorithm) else { return false }
    return switch material {
    case .secret(let hmac): hmac.isValid(signature.span, for: message)
    case .publicKey(let key): key.verifies(signature, of: message, by: algorithm)
    }
  }
}
