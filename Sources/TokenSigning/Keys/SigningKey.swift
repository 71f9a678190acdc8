/// A key that signs our own tokens, for one algorithm. Its secret cannot be read back from it.
package struct SigningKey: Sendable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    /// Published and accepted, and signs as soon as it becomes current.
    case next
    /// Signs.
    case current
    /// Signs no more, and is accepted until its last token has expired.
    case retiring
  }

  enum Material: Sendable {
    case secret(HMACKey)
    case pair(PrivateKey)
  }

  /// The `kid`.
  package let id: String
  package let algorithm: SignatureAlgorithm
  package let state: State
  /// The time when it became retiring, milliseconds since the epoch; nil in another state, and if it was not written
  /// down.
  package let retiredAt: Int64?
  /// The same for equal keys, whatever their `kid` says; tells nothing of the secret.
  let fingerprint: String
  let material: Material
  /// The published part of it; nil for HS256, of which nothing is published.
  let publicJWK: [UInt8]?

  /// An HS256 key.
  ///
  /// - Parameter id: the `kid`, when it is not to be the fingerprint.
  package init(secret: [UInt8], state: State, id: String? = nil, retiredAt: Int64? = nil) throws(KeyError) {
    guard let hmac = HMACKey(secret: secret.span) else {
      throw KeyError(.weak, "an HS256 key must have at least \(HMACKey.secretBytesMin) bytes")
    }
    material = .secret(hmac)
    fingerprint = Self.fingerprint(of: secret)
    self.id = id ?? fingerprint
    self.state = state
    self.retiredAt = retiredAt
    algorithm = .hs256
    publicJWK = nil
  }

  /// A key of any of the other algorithms.
  init(
    _ numbers: KeyNumbers, algorithm: SignatureAlgorithm, state: State, id: String? = nil, retiredAt: Int64? = nil
  ) throws(KeyError) {
    material = .pair(try PrivateKey(numbers, algorithm: algorithm))
    fingerprint = Self.fingerprint(of: numbers)
    self.id = id ?? fingerprint
    self.state = state
    self.retiredAt = retiredAt
    self.algorithm = algorithm
    publicJWK = JWKText.publicKey(numbers, id: self.id, algorithm: algorithm)
  }

  /// All that tells this key from another, and what it does from what it did.
  var identity: [String] {
    [id, algorithm.rawValue, state.rawValue, fingerprint, retiredAt.map(String.init) ?? ""]
  }

  /// The key that verifies its tokens, for this algorithm alone.
  var verificationKey: VerificationKey {
    switch material {
    case .secret(let hmac): VerificationKey(hmac, id: id)
    case .pair(let key): VerificationKey(key.publicKey, algorithms: [algorithm], id: id)
    }
  }

  /// The first 8 bytes of SHA-256 over a constant label and the secret, in base64url.
  static func fingerprint(of secret: [UInt8]) -> String {
    shortDigest(of: Array("refresh-ledger key id 1\n".utf8) + secret)
  }

  /// The first 8 bytes of the thumbprint of RFC 7638, in base64url.
  static func fingerprint(of numbers: KeyNumbers) -> String {
    shortDigest(of: JWKText.thumbprintInput(numbers))
  }

  private static func shortDigest(of bytes: [UInt8]) -> String {
    Base64URL.text(Digest(of: bytes).bytes.span.extracting(first: 8))
  }
}
