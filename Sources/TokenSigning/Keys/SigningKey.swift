/// A key that signs our own tokens with one algorithm.
///
/// Its secret cannot be read back from it.
package struct SigningKey: Sendable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    /// The key is published and accepted, and signs once it becomes current.
    case next
    /// The key signs.
    case current
    /// The key no longer signs, and is accepted until its last token has expired.
    case retiring
  }

  enum Material: Sendable {
    case secret(HMACKey)
    case pair(PrivateKey)
  }

  /// The `kid` of the key.
  package let id: String
  package let algorithm: SignatureAlgorithm
  package let state: State
  /// The time at which the key became retiring, in milliseconds since the epoch; nil in another state, or if the file
  /// does not say.
  package let retiredAt: Int64?
  /// A fingerprint that equal keys share, whatever their `kid`.
  ///
  /// It reveals nothing of the secret.
  let fingerprint: String
  let material: Material
  /// The published JWK, or nil for HS256, whose keys are never published.
  let publicJWK: [UInt8]?

  /// Creates an HS256 key.
  ///
  /// - Parameters:
  ///   - secret: The secret, of at least 32 bytes.
  ///   - state: The state of the key.
  ///   - id: The `kid`, if it is not the fingerprint.
  ///   - retiredAt: The time at which the key became retiring, in milliseconds since the epoch, if it is known.
  /// - Throws: `KeyError` of the kind `.weak` if the secret is shorter.
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

  /// Creates a key of any of the other algorithms.
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

  /// The properties that tell this key from others and from its own other states.
  var identity: [String] {
    [id, algorithm.rawValue, state.rawValue, fingerprint, retiredAt.map(String.init) ?? ""]
  }

  /// The key that verifies the tokens, for this algorithm only.
  var verificationKey: VerificationKey {
    switch material {
    case .secret(let hmac): VerificationKey(hmac, id: id)
    case .pair(let key): VerificationKey(key.publicKey, algorithms: [algorithm], id: id)
    }
  }

  /// Returns the short form of SHA-256 over a constant label and the secret.
  static func fingerprint(of secret: [UInt8]) -> String {
    shortDigest(of: Array("refresh-ledger key id 1\n".utf8) + secret)
  }

  /// Returns the short form of the thumbprint of RFC 7638.
  static func fingerprint(of numbers: KeyNumbers) -> String {
    shortDigest(of: JWKText.thumbprintInput(numbers))
  }

  /// Returns 8 bytes of a digest, in base64url: the first ones whose text does not begin with `-`, the 62nd letter of
  /// that alphabet, since a command line would take it for an option.
  private static func shortDigest(of bytes: [UInt8]) -> String {
    let digest = Digest(of: bytes).bytes
    let start = (0...digest.count - 8).first { digest[$0] >> 2 != 62 } ?? 0
    return Base64URL.text(digest.span.extracting(start..<start + 8))
  }
}
