public import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that its session is not revoked.
  ///
  /// Pure computation on the calling thread, no actor and no lock while nothing is revoked.
  public func verify(_ accessToken: String) throws(BadToken) -> AccessToken {
    let claims: AccessClaims
    do {
      claims = try verifier.verifyAccess(accessToken, nowMilliseconds: now().milliseconds)
    } catch {
      throw error.asBadToken
    }
    let tokenID = TokenID(claims.identifier)
    guard !ledger.revokedSessions.contains(tokenID.session) else { throw .revoked }
    guard let scopes = Scopes(claims.scope) else { throw .malformed }
    return AccessToken(
      subject: claims.subject, client: claims.clientID, scopes: scopes, tokenID: tokenID,
      issuedAt: claims.issuedAt, expiresAt: claims.expiresAt)
  }

  /// The pair that belongs to a session as it stands: a pure function of it, so that a retry is answered the same.
  func pair(for session: Session, scopes: Scopes) -> TokenPair {
    let now = max(now(), session.usedAt)
    let identifier = TokenIdentifier(session.tokenID)
    var access = accessClaims(of: session, issuedAt: session.usedAt, scope: scopes.text)
    if access.end <= now {
      // A retry in the grace window after the access token's end: a fresh one beside the same refresh token.
      access = accessClaims(of: session, issuedAt: now, scope: scopes.text)
    }
    let refresh = RefreshClaims(
      subject: session.subject, clientID: session.client, scope: session.scope,
      issuedAt: session.usedAt.seconds, expiresAt: session.expiresAt.secondsRoundedUp, identifier: identifier)
    return TokenPair(
      accessToken: minter.mintAccess(access.claims), refreshToken: minter.mintRefresh(refresh),
      expiresInSeconds: secondsRoundedUp(from: now, to: access.end),
      refreshExpiresInSeconds: secondsRoundedUp(from: now, to: session.expiresAt),
      scopes: scopes, session: session.id)
  }

  /// The claims of an access token, and the moment of its end to the millisecond.
  private func accessClaims(
    of session: Session, issuedAt: Timestamp, scope: String
  ) -> (claims: AccessClaims, end: Timestamp) {
    let lifetime = options.accessLifetime.wholeMilliseconds
    // A lifetime of whole seconds ends on a whole second, as `iat` and `exp` can say; any other needs its own claim.
    let isWhole = lifetime % 1000 == 0
    let end =
      isWhole
      ? Timestamp(milliseconds: issuedAt.seconds * 1000 + lifetime) : issuedAt.advanced(byMilliseconds: lifetime)
    let claims = AccessClaims(
      subject: session.subject, clientID: session.client, scope: scope, issuedAt: issuedAt.seconds,
      expiresAt: end.secondsRoundedUp,
      expiresAtMilliseconds: isWhole ? nil : end.milliseconds, identifier: TokenIdentifier(session.tokenID))
    return (claims, end)
  }

  private func secondsRoundedUp(from now: Timestamp, to end: Timestamp) -> Int64 {
    max(0, (end.millisecondsSince(now) + 999) / 1000)
  }
}

extension TokenID {
  init(_ identifier: TokenIdentifier) {
    self.init(
      session: SessionID(high: identifier.sessionHigh, low: identifier.sessionLow), generation: identifier.generation)
  }

  /// The `jti` claim: 22 base64url characters.
  public var text: String { TokenIdentifier(self).text }
}

extension SessionID {
  /// The `sid` claim: 16 base64url characters.
  public var text: String { TokenIdentifier(TokenID(session: self, generation: 0)).sessionText }

  /// Nil unless `text` is 16 canonical base64url characters.
  public init?(text: String) {
    guard let identifier = TokenIdentifier(sessionText: text) else { return nil }
    self.init(high: identifier.sessionHigh, low: identifier.sessionLow)
  }
}

extension TokenIdentifier {
  init(_ token: TokenID) {
    self.init(sessionHigh: token.session.high, sessionLow: token.session.low, generation: token.generation)
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
    self == .expired ? .expired : .badToken(asBadToken)
  }
}
