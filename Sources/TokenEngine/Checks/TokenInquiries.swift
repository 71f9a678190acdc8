internal import Platform
public import RotationModel
internal import TokenSigning

/// Which kind of token a caller of revocation or introspection says it has (RFC 7009 §2.1). The token itself says it too, so
/// a wrong hint does no harm.
@nonexhaustive
public enum TokenHint: String, Sendable, CaseIterable {
  case accessToken = "access_token"
  case refreshToken = "refresh_token"
}

/// What the revocation of a token came to.
@nonexhaustive
public enum TokenRevocation: Sendable, Hashable {
  /// The session has ended with it; false where it had ended before.
  case session(SessionID, wasLive: Bool)
  /// That access token is refused from now on; its session goes on.
  case access(TokenID)
  /// Nothing to revoke: not a token of ours, or another client's. RFC 7009 answers as if it had been revoked.
  case nothing
}

/// What a token is right now (RFC 7662).
@nonexhaustive
public enum Introspection: Sendable, Hashable {
  case access(AccessToken)
  /// The live refresh token of this session.
  case refresh(Session)
  /// Anything else: not ours, expired, consumed, revoked.
  case inactive
}

/// What a token's holder, or who it was shown to, may ask of it: its revocation (RFC 7009) and what it is (RFC 7662).
struct TokenInquiries: Sendable {
  let ledger: any SessionLedger
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let access: AccessVerification
  let observer: any EngineObserver

  /// See ``RotationEngine/revoke(token:client:endsSession:)``.
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
    // Where no live session stands behind it, the token is revoked alone.
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

  /// See ``RotationEngine/introspect(_:hint:)``.
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

  /// A token of either type whose signature and, unless it is ignored, time are good; nil for any other.
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
