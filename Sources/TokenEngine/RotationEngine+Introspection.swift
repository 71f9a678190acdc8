public import TokenLedger
internal import TokenSigning

/// What a token is right now (RFC 7662).
public enum Introspection: Sendable, Hashable {
  case access(AccessToken)
  /// The live refresh token of this session.
  case refresh(Session)
  /// Anything else: not ours, expired, used, revoked.
  case inactive
}

extension RotationEngine {
  /// Looks at a token without changing anything, other than that an access token counts as used, as with ``verify(_:)``.
  ///
  /// A refresh token is recognised only where the hint says that it is one: a resource server that asks about a bearer
  /// must not take it for an access token.
  public func introspect(_ token: String, hint: TokenHint? = nil) async throws(EngineFailure) -> Introspection {
    if let access = try? verify(token) { return .access(access) }
    guard hint == .refreshToken,
      let claims = try? verifier.verifyRefresh(token, nowMilliseconds: now().milliseconds)
    else { return .inactive }
    let tokenID = TokenID(claims.identifier)
    guard let session = try await session(tokenID.session), session.refreshTokenID == tokenID else { return .inactive }
    return .refresh(session)
  }
}
