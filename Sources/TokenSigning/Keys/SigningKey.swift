internal import COpenSSL

/// A key that signs our own tokens. Its secret cannot be read back from it.
package struct SigningKey: Sendable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    /// Accepted, and signs as soon as it becomes current.
    case next
    /// Signs.
    case current
    /// Signs no more, and is accepted until its last token has expired.
    case retiring
  }

  /// The `kid`.
  package let id: String
  package let algorithm: SignatureAlgorithm
  package let state: State
  /// The same for equal secrets, whatever their `kid` says; tells nothing of the secret.
  let fingerprint: String
  let hmac: HMACKey

  /// - Parameter id: the `kid`, when it is not to be the fingerprint.
  package init(secret: [UInt8], state: State, id: String? = nil) throws(KeyFailure) {
    guard let hmac = HMACKey(secret: secret.span) else {
      throw KeyFailure(.weak, "an HS256 key must have at least \(HMACKey.secretBytesMin) bytes")
    }
    self.hmac = hmac
    fingerprint = Self.fingerprint(of: secret)
    self.id = id ?? fingerprint
    self.state = state
    algorithm = .hs256
  }

  /// The first 8 bytes of SHA-256 over a constant label and the secret, in base64url.
  static func fingerprint(of secret: [UInt8]) -> String {
    let labelled = Array("refresh-ledger key id 1\n".utf8) + secret
    var digest = [UInt8](repeating: 0, count: 32)
    let made = unsafe ledger_sha256(labelled, labelled.count, &digest)
    precondition(made == 1, "libcrypto has no SHA-256")
    return Base64URL.text(digest.span.extracting(first: 8))
  }
}
