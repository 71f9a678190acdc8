/// The request that a proof is presented with.
package struct DPoPRequest: Sendable, Hashable {
  package var method: String
  package var target: DPoPTarget
  /// The access token that is presented along with the proof; nil for none, as at the token endpoint.
  package var accessToken: String?

  package init(method: String, target: DPoPTarget, accessToken: String? = nil) {
    self.method = method
    self.target = target
    self.accessToken = accessToken
  }
}

/// A verified proof: somebody who has the private half of a key wants this one request.
package struct DPoPProof: Sendable, Hashable {
  package let algorithm: SignatureAlgorithm
  package let thumbprint: KeyThumbprint
  /// The `jti`: any text of 1 to 256 bytes.
  package let identifier: String
  /// Seconds since the epoch.
  package let issuedAt: Int64
  /// The nonce that the proof holds, checked if the verifier asks for nonces.
  package let nonce: String?
  /// The last moment at which the same proof passes again: milliseconds since the epoch.
  package let goodUntilMilliseconds: Int64

  /// The entry of a list of accepted proofs: equal for proofs of one key with one `jti`, and different for all others.
  ///
  /// The key is part of it, so nobody can spend the identifiers of another's proofs.
  package var useDigest: Digest { Digest(of: thumbprint.bytes + identifier.utf8) }
}
