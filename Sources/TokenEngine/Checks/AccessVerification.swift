internal import RotationModel
internal import TokenSigning
internal import TokenVerification

/// The verification of access tokens: header, signature, issuer, audience, time, and whether the token or its session
/// is revoked.
struct AccessVerification: Sendable {
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let ledger: any SessionLedger
  let register: any AccessRegister
  let proofs: ProofChecks

  /// Implements ``RotationEngine/verify(authorization:proof:)-(String?,_)``.
  func verify(authorization header: String?, proof: PresentedProof?) throws(AuthorizationError) -> AccessToken {
    try verify(PresentedToken(authorization: header, proof: proof))
  }

  /// Implements ``RotationEngine/verifyReadingKeys(authorization:proof:)``.
  func verifyReadingKeys(
    authorization header: String?, proof: PresentedProof?
  ) async throws(AuthorizationError) -> AccessToken {
    let token = try PresentedToken(authorization: header, proof: proof)
    let now = ledger.now()
    let verified: Result<AccessClaims, TokenVerificationError>
    do throws(EngineError) {
      verified = try await lookups.verify { () throws(TokenVerificationError) in
        try verifier.verifyAccess(token.text, nowMilliseconds: now.milliseconds)
      }
    } catch {
      throw .badToken(.unverifiable)
    }
    switch verified {
    case .failure(let refusal): throw .badToken(refusal.asBadToken)
    case .success(let claims): return try accept(claims, of: token, at: now)
    }
  }

  /// Implements ``RotationEngine/verify(_:proof:)``.
  func verify(_ accessToken: String, proof: PresentedProof?) throws(BadToken) -> AccessToken {
    do { return try verify(PresentedToken(accessToken, proof: proof)) } catch { throw error.asBadToken }
  }

  @inline(__always)
  private func verify(_ token: PresentedToken) throws(AuthorizationError) -> AccessToken {
    let claims: AccessClaims
    let now = ledger.now()
    do {
      claims = try verifier.verifyAccess(token.text, nowMilliseconds: now.milliseconds)
    } catch {
      // Reading the keys does not wait here: the key may be known when the token is presented again.
      if let lookups, error.mayBeForNewKey { lookups.readSoon() }
      throw .badToken(error.asBadToken)
    }
    return try accept(claims, of: token, at: now)
  }

  /// Checks what remains for a presented access token whose signature and time are good: revocation, scopes, and the
  /// key that it is bound to.
  ///
  /// A presentation without the right key closes no grace window.
  @inline(__always)
  private func accept(
    _ claims: AccessClaims, of token: PresentedToken, at now: Timestamp
  ) throws(AuthorizationError) -> AccessToken {
    let access: AccessToken
    do { access = try examine(claims) } catch { throw .badToken(error) }
    try token.checkKey(of: claims) { proof, thumbprint throws(AuthorizationError) in
      try proofs.check(proof, with: token.text, boundTo: thumbprint)
    }
    noteUse(of: access.tokenID, claims, at: now)
    return access
  }

  /// Checks what remains for an access token whose signature and time are good and that nobody presents for access:
  /// revocation and scopes.
  func accept(_ claims: AccessClaims, at now: Timestamp) throws(BadToken) -> AccessToken {
    let access = try examine(claims)
    // Whoever asks about a bound token has not shown its key.
    if claims.keyThumbprint == nil { noteUse(of: access.tokenID, claims, at: now) }
    return access
  }

  @inline(__always)
  private func noteUse(of token: TokenID, _ claims: AccessClaims, at now: Timestamp) {
    // The `iat` claim is exact only to the second.
    let raceEnd = claims.ownIssuedAt &* 1000 &+ 1000 &+ ReuseClass.raceMilliseconds
    if now.milliseconds >= raceEnd { register.noteUse(of: token, issuedAt: claims.ownIssuedAt, now: now) }
  }

  @inline(__always)
  private func examine(_ claims: AccessClaims) throws(BadToken) -> AccessToken {
    let tokenID = TokenID(claims.identifier)
    func isRefused() -> Bool {
      register.isRefused(tokenID, subject: claims.subject, client: claims.clientID, issuedAt: claims.ownIssuedAt)
    }
    if isRefused() {
      guard !ledger.health.refusesAccess else { throw .unverifiable }
      // The check is repeated, since all tokens may have been refused at the first one and no longer be.
      guard !isRefused() else { throw .revoked }
    }
    return try AccessToken(claims)
  }
}

extension TokenVerificationError {
  var asGrantRefusal: GrantRefusal {
    self == .expired ? .expired(generationsBehind: nil) : .badToken(asBadToken)
  }
}
