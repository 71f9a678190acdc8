internal import Platform
public import TokenLedger
internal import TokenSigning

/// Which kind of token a caller of revocation or introspection says it has (RFC 7009 §2.1). The token itself says it too, so
/// a wrong hint does no harm.
public enum TokenHint: String, Sendable, CaseIterable {
  case accessToken = "access_token"
  case refreshToken = "refresh_token"
}

/// What the revocation of a token came to.
public enum TokenRevocation: Sendable, Hashable {
  /// The session has ended with it; false where it had ended before.
  case session(SessionID, wasLive: Bool)
  /// That access token is refused from now on; its session goes on.
  case access(TokenID)
  /// Nothing to revoke: not a token of ours, or another client's. RFC 7009 answers as if it had been revoked.
  case nothing
}

extension RotationEngine {
  /// Revokes a token (RFC 7009): a refresh token with its session, an access token alone or, by option, with its session.
  ///
  /// An expired token is taken too. One of another client changes nothing. Returns once that is durable.
  public func revoke(
    token: String, client: Client, endsSession: Bool = false
  ) async throws(EngineFailure) -> TokenRevocation {
    let now = now()
    if let claims = try? verifier.verifyRefresh(token, nowMilliseconds: now.milliseconds, ignoringExpiry: true) {
      guard claims.clientID.hasSameBytes(as: client.id) else { return .nothing }
      let session = TokenID(claims.identifier).session
      return .session(session, wasLive: try await revoke(session))
    }
    guard
      let claims = try? verifier.verifyAccess(token, nowMilliseconds: now.milliseconds, ignoringExpiry: true),
      claims.clientID.hasSameBytes(as: client.id)
    else { return .nothing }
    let tokenID = TokenID(claims.identifier)
    // Where no live session stands behind it, the token is revoked alone.
    if endsSession, try await revoke(tokenID.session) { return .session(tokenID.session, wasLive: true) }
    let end = Timestamp(milliseconds: claims.ownEndMilliseconds)
    do { try await ledger.revokeAccess(tokenID, until: end) } catch {
      throw EngineFailure(error)
    }
    observer.engine(observed: .accessRevoked(tokenID))
    return .access(tokenID)
  }

  /// Ends a session: its refresh token and, in this process, its access tokens are refused from now on.
  /// Returns whether it was live.
  @discardableResult
  public func revoke(_ session: SessionID) async throws(EngineFailure) -> Bool {
    do {
      let wasLive = try await ledger.revoke(session)
      if wasLive { observer.engine(observed: .revoked(session)) }
      return wasLive
    } catch {
      throw EngineFailure(error)
    }
  }

  /// Ends all sessions of a subject, a client, both, or all, and in this process their access tokens: to be called when a subject is disabled
  /// or removed or changes its password. Costs one record, however many sessions there are, and a look at each to count them. Returns how many
  /// were live; see ``RefreshLedger/revokeAndCount(_:)``.
  @discardableResult
  public func revokeSessions(of scope: SessionScope) async throws(EngineFailure) -> Int {
    let count: Int
    do { count = try await ledger.revokeAndCount(scope) } catch { throw EngineFailure(error) }
    observer.engine(observed: .revokedAll(scope))
    return count
  }

  /// Ends the sessions of a subject that were opened under another version of its account, and in this process their access tokens, one by one: what
  /// whoever follows accounts calls for each change. Those that were opened under this version go on, so a log-in right after the change does.
  /// Returns how many ended.
  @discardableResult
  public func revokeOutdatedSessions(of subject: Subject) async throws(EngineFailure) -> Int {
    do throws(LedgerFailure) {
      let ended = try await ledger.revoke(
        subject: subject.id, openedUnderOtherThan: subject.version, orBefore: subject.sessionsNotBefore)
      for session in ended { observer.engine(observed: .revoked(session)) }
      return ended.count
    } catch {
      throw EngineFailure(error)
    }
  }
}
