public import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that neither it nor its session is revoked.
  ///
  /// Pure computation on the calling thread: no actor, and no lock for revocation while nothing is revoked. Where its session was refreshed not
  /// long ago with a grace window, this closes the window: whoever has the successor has received it.
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
      tokenID, subject: claims.subject, client: claims.clientID, issuedAt: claims.issuedAt)
    guard !isRevoked else { throw .revoked }
    guard let scopes = Scopes(claims.scope) else { throw .malformed }
    ledger.successorWatch.note(tokenID, issuedAt: claims.issuedAt, now: now)
    return AccessToken(
      subject: claims.subject, client: claims.clientID, scopes: scopes, tokenID: tokenID,
      issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, customMembers: claims.extraMembers)
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

  /// Throws ``EngineFailure/invalid(field:limit:)`` with the field `session` unless `text` is the text of one.
  public init(validating text: String) throws(EngineFailure) {
    guard let id = SessionID(text: text) else {
      throw .invalid(field: "session", limit: "16 base64url characters")
    }
    self = id
  }
}

extension SessionCursor {
  /// For a query: the session's id and the slot, joined by a dot.
  public var text: String { "\(session.text).\(slot)" }

  /// Nil unless `text` is the text of one.
  public init?(text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let session = SessionID(text: String(parts[0])), let slot = UInt32(parts[1]) else {
      return nil
    }
    self.init(slot: slot, session: session)
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
    self == .expired ? .expired(generationsBehind: nil) : .badToken(asBadToken)
  }
}
