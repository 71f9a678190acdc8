internal import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that neither it nor its session is revoked.
  ///
  /// Pure computation on the calling thread: no actor, and no lock for revocation while nothing is revoked. Where its session was refreshed not
  /// long ago with a grace window, this closes the window: whoever has the successor has received it. Not within
  /// ``ReuseClass/raceMilliseconds`` of the refresh, when callers that share a token may still be waiting for the reply to it.
  public func verify(_ accessToken: String) throws(BadToken) -> AccessToken {
    let claims: AccessClaims
    let now = now()
    do {
      claims = try verifier.verifyAccess(accessToken, nowMilliseconds: now.milliseconds)
    } catch {
      throw error.asBadToken
    }
    let tokenID = TokenID(claims.identifier)
    let isRevoked = ledger.revocations.refuse(
      tokenID, subject: claims.subject, client: claims.clientID, issuedAt: claims.ownIssuedAt)
    guard !isRevoked else { throw .revoked }
    guard let scopes = Scopes(claims.scope) else { throw .malformed }
    // `iat` says no more than the second.
    let raceEnd = claims.ownIssuedAt &* 1000 &+ 1000 &+ ReuseClass.raceMilliseconds
    if now.milliseconds >= raceEnd { ledger.successorWatch.note(tokenID, issuedAt: claims.ownIssuedAt, now: now) }
    return AccessToken(
      subject: claims.subject, client: claims.clientID, scopes: scopes, tokenID: tokenID,
      issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, customMembers: claims.extraMembers)
  }
}

extension TokenRefusal {
  var asBadToken: BadToken {
    switch self {
    case .tooLong: .tooLong
    case .wrongType: .wrongType
    case .unknownKey: .unknownKey
    case .badSignature: .badSignature
    case .wrongIssuer: .wrongIssuer
    case .wrongAudience: .wrongAudience
    case .expired: .expired
    case .notYetValid: .notYetValid
    default: .malformed
    }
  }

  var asGrantRefusal: GrantRefusal {
    self == .expired ? .expired(generationsBehind: nil) : .badToken(asBadToken)
  }
}
