internal import Platform
public import RotationModel
internal import TokenSigning

/// The kind of token that a caller of revocation or introspection claims to have (RFC 7009 §2.1).
///
/// The token names its kind too, so a wrong hint does no harm.
@nonexhaustive
public enum TokenHint: String, Sendable, CaseIterable {
  case accessToken = "access_token"
  case refreshToken = "refresh_token"
}

/// The outcome of revoking a token.
@nonexhaustive
public enum TokenRevocation: Sendable, Hashable {
  /// The session was revoked with the token; `wasLive` is false if it had ended before.
  case session(SessionID, wasLive: Bool)
  /// The access token is refused from now on; its session continues.
  case access(TokenID)
  /// There is nothing to revoke: the token is not ours, or belongs to another client. RFC 7009 answers as if it had
  /// been revoked.
  case nothing
}

/// The state of a token at this moment (RFC 7662).
@nonexhaustive
public enum Introspection: Sendable, Hashable {
  case access(AccessToken)
  /// The token is the live refresh token of this session.
  case refresh(Session)
  /// The token is anything else: not ours, expired, consumed or revoked.
  case inactive
}

/// The inquiries about a presented token: its revocation (RFC 7009) and its introspection (RFC 7662).
struct TokenInquiries: Sendable {
  let ledger: any SessionLedger
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let access: AccessVerification
  let observer: any EngineObserver

  /// Implements ``RotationEngine/revoke(token:client:endsSession:)``.
  func revoke(token: String, client: Client, endsSession: Bool) async throws(EngineError) -> TokenRevocation {
    let claims: AccessClaims
    switch try await verify(token, at: ledger.now(), ignoringExpiry: true) {
    case .refresh(let claims):
      guard claims.clientID.hasSameBytes(as: client.id) else { return .nothing }
      let session = TokenID(claims.identifier).session
      return .session(session, wasLive: try await revoke(session))
    case .access(let verified) where verified.clientID.hasSameBytes(as: client.id): claims = verified
    case .access, nil: return .nothing
    }
    let tokenID = TokenID(claims.identifier)
    // If the token has no live session, it is revoked alone.
    if endsSession, try await revoke(tokenID.session) { return .session(tokenID.session, wasLive: true) }
    let end = Timestamp(milliseconds: claims.ownEndMilliseconds)
    do { try await ledger.revokeAccess(tokenID, until: end) } catch { throw EngineError(error) }
    observer.engine(observed: .accessRevoked(tokenID))
    return .access(tokenID)
  }

  func revoke(_ session: SessionID) async throws(EngineError) -> Bool {
    do {
      let wasLive = try await ledger.revoke(session)
      if wasLive { observer.engine(observed: .revoked(session)) }
      return wasLive
    } catch {
      throw EngineError(error)
    }
  }

  /// Returns the session of a refresh token of the client if it is live, of whatever generation the token is.
  func session(ofRefreshToken token: String, client: Client) async throws(EngineError) -> Session? {
    guard case .refresh(let claims) = try await verify(token, at: ledger.now(), ignoringExpiry: true),
      claims.clientID.hasSameBytes(as: client.id)
    else { return nil }
    do { return try await ledger.session(TokenID(claims.identifier).session) } catch { throw EngineError(error) }
  }

  /// Implements ``RotationEngine/introspect(_:hint:)``.
  func introspect(_ token: String, hint: TokenHint?) async throws(EngineError) -> Introspection {
    let now = ledger.now()
    let tokenID: TokenID
    switch try await verify(token, at: now) {
    case .access(let claims):
      do { return .access(try access.accept(claims, at: now)) } catch .unverifiable {
        throw .ledger(
          .unavailable("what was revoked of late is not known here, so no access token is judged until it is"))
      } catch {
        return .inactive
      }
    case .refresh(let claims) where hint == .refreshToken: tokenID = TokenID(claims.identifier)
    case .refresh, nil: return .inactive
    }
    let found: Session?
    do { found = try await ledger.session(tokenID.session) } catch { throw EngineError(error) }
    guard let session = found, session.refreshTokenID == tokenID else { return .inactive }
    return .refresh(session)
  }

  private enum Verified {
    case access(AccessClaims)
    case refresh(RefreshClaims)
  }

  /// Returns the claims of a token of either type whose signature and, unless that is ignored, time are good, or nil
  /// for any other.
  private func verify(
    _ token: String, at now: Timestamp, ignoringExpiry: Bool = false
  ) async throws(EngineError) -> Verified? {
    let milliseconds = now.milliseconds
    let verified = try await lookups.verify { () throws(TokenVerificationError) -> Verified in
      let refusal: TokenVerificationError
      do throws(TokenVerificationError) {
        return .access(
          try verifier.verifyAccess(token, nowMilliseconds: milliseconds, ignoringExpiry: ignoringExpiry))
      } catch {
        refusal = error
      }
      do throws(TokenVerificationError) {
        return .refresh(
          try verifier.verifyRefresh(token, nowMilliseconds: milliseconds, ignoringExpiry: ignoringExpiry))
      } catch {
        throw refusal.mayBeForNewKey ? refusal : error
      }
    }
    return try? verified.get()
  }
}
