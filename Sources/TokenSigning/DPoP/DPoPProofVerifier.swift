/// Verifies DPoP proofs (RFC 9449 §4.3): strict, offline, and without any state.
///
/// A proof that passes may have been presented before: its ``DPoPProof/useDigest`` tells, and whoever acts on a proof
/// keeps those that were accepted until ``DPoPProof/goodUntilMilliseconds``. One proof in a request is the caller's to
/// check.
package struct DPoPProofVerifier: Sendable {
  /// A longer proof is refused unread.
  package static let textBytesMax = TokenFormat.textBytesMax
  /// The algorithms of proofs, as metadata names them (`dpop_signing_alg_values_supported`).
  package static let algorithms = ProofHeader.algorithms
  /// The most seconds that a proof may be old, or ahead.
  package static let windowSecondsMax: Int64 = 86_400

  private let pastMilliseconds: Int64
  private let futureMilliseconds: Int64
  private let nonces: DPoPNonces?

  /// - Parameters:
  ///   - pastSeconds: The greatest age of a proof, at most `windowSecondsMax`.
  ///   - futureSeconds: The most that a client's clock can be ahead, at most `windowSecondsMax`.
  ///   - nonces: The nonces of which a proof must hold one; nil asks for none.
  package init(pastSeconds: Int64 = 60, futureSeconds: Int64 = 5, nonces: DPoPNonces? = nil) {
    let range = 0...Self.windowSecondsMax
    precondition(range.contains(pastSeconds) && range.contains(futureSeconds), "a window of more than a day")
    pastMilliseconds = pastSeconds * 1000
    futureMilliseconds = futureSeconds * 1000
    self.nonces = nonces
  }

  /// Checks a proof for one request.
  ///
  /// The signature comes before any look at the claims, and the nonce last: a client that is told to use another one
  /// has nothing else to fix.
  ///
  /// - Parameters:
  ///   - proof: The value of the header field `DPoP`.
  ///   - request: The request that the proof is presented with.
  ///   - nowMilliseconds: The time in milliseconds since the epoch.
  /// - Returns: The proof, which may have been presented before.
  /// - Throws: `DPoPError` with the first check that fails.
  package func verify(
    _ proof: String, for request: DPoPRequest, nowMilliseconds: Int64
  ) throws(DPoPError) -> DPoPProof {
    let text = proof.utf8.span
    let parts = try Self.split(text)
    guard let head = Base64URL.decode(text.extracting(parts.header)),
      let payload = Base64URL.decode(text.extracting(parts.payload)),
      let signature = Base64URL.decode(text.extracting(parts.signature))
    else { throw .malformed }
    let header = try ProofHeader(head)
    let signed = text.extracting(parts.signed)
    guard header.key.publicKey.verifies(signature, of: signed, by: header.algorithm) else { throw .signature }
    let claims = try ProofClaims(payload)
    let identifier = try claims.identifier()
    try claims.check(request)
    let issuedAt = try issuedAt(claims, nowMilliseconds: nowMilliseconds)
    if let token = request.accessToken { try claims.checkDigest(of: token) }
    let nonce = try claims.nonce()
    if let nonces {
      guard let nonce else { throw .nonceMissing }
      guard nonces.accepts(nonce, nowMilliseconds: nowMilliseconds) else { throw .otherNonce }
    }
    return DPoPProof(
      algorithm: header.algorithm, thumbprint: header.key.thumbprint, identifier: identifier, issuedAt: issuedAt,
      nonce: nonce, goodUntilMilliseconds: issuedAt * 1000 + pastMilliseconds)
  }

  private static func split(_ text: Span<UInt8>) throws(DPoPError) -> TokenFormat.Parts {
    do {
      return try TokenFormat.split(text)
    } catch {
      throw error == .tooLong ? .tooLong : .malformed
    }
  }

  /// Returns the `iat`, which lies in the window: its first and its last millisecond are good.
  private func issuedAt(_ claims: ProofClaims, nowMilliseconds: Int64) throws(DPoPError) -> Int64 {
    let issuedAt = try claims.issuedAt()
    guard issuedAt * 1000 + pastMilliseconds >= nowMilliseconds else { throw .tooOld }
    guard issuedAt * 1000 - futureMilliseconds <= nowMilliseconds else { throw .tooNew }
    return issuedAt
  }
}
