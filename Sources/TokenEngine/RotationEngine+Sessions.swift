public import RotationModel

/// The inspection of sessions and their events, and their revocation.
extension RotationEngine {
  /// Returns the session if it is live now.
  public func session(_ id: SessionID) async throws(EngineError) -> Session? {
    do { return try await ledger.session(id) } catch { throw EngineError(error) }
  }

  /// Returns a page of the live sessions of a subject, a client, both, or all; see
  /// ``SessionLedger/sessions(of:after:limit:)``.
  public func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(EngineError) -> SessionPage {
    do { return try await ledger.sessions(of: scope, after: cursor, limit: limit) } catch { throw EngineError(error) }
  }

  /// Returns the number of sessions of a scope; see ``SessionLedger/sessionCount(of:)``.
  public func sessionCount(of scope: SessionScope) async throws(EngineError) -> Int {
    do { return try await ledger.sessionCount(of: scope) } catch { throw EngineError(error) }
  }

  /// Returns the subjects and clients that have sessions, so that the owner of the accounts can end the sessions of
  /// removed ones.
  public func sessionHolders() async throws(EngineError) -> SessionHolders {
    do { return try await ledger.holders() } catch { throw EngineError(error) }
  }

  /// Revokes a session: its refresh token and, in this process, its access tokens are refused from now on.
  ///
  /// - Returns: True if the session was live.
  @discardableResult
  public func revoke(_ session: SessionID) async throws(EngineError) -> Bool {
    try await inquiries.revoke(session)
  }

  /// Revokes all sessions of a subject, a client, both, or all, and in this process their access tokens.
  ///
  /// Call it when a subject is disabled or removed or changes its password.
  ///
  /// The cost is one record, however many sessions there are, and a visit of each to count them.
  ///
  /// - Returns: The number of sessions that were live; see ``SessionLedger/revoke(_:)-(SessionScope)``.
  @discardableResult
  public func revokeSessions(of scope: SessionScope) async throws(EngineError) -> Int {
    let count: Int
    do { count = try await ledger.revoke(scope) } catch { throw EngineError(error) }
    observer.engine(observed: .revokedAll(scope))
    return count
  }

  /// Revokes, one by one, the sessions of a subject that were opened under another version of its account, and in this
  /// process their access tokens.
  ///
  /// Whoever follows changes of accounts calls this for each change.
  ///
  /// Sessions of this version continue, so that a log-in right after the change stays valid.
  ///
  /// - Returns: The number of sessions that ended.
  @discardableResult
  public func revokeOutdatedSessions(of subject: Subject) async throws(EngineError) -> Int {
    let ended: [SessionID]
    do {
      ended = try await ledger.revoke(
        subject: subject.id, openedUnderOtherThan: subject.version, orBefore: subject.sessionsNotBefore)
    } catch {
      throw EngineError(error)
    }
    for session in ended { observer.engine(observed: .revoked(session)) }
    return ended.count
  }

  /// Returns the events from now on, or from a given position on; see ``EventLedger/events(after:buffer:)``.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `ledger` if the engine's ledger reports no events.
  public func events(
    after sequence: UInt64? = nil, buffer: Int = 65_536
  ) async throws(EngineError) -> AuditEvents {
    guard let ledger = ledger as? any EventLedger else {
      throw .invalid(field: "ledger", limit: "one that tells events")
    }
    do { return try await ledger.events(after: sequence, buffer: buffer) } catch { throw EngineError(error) }
  }

  /// Returns what the ledger still knows of a session, live or ended, or nil if it keeps no history.
  ///
  /// With a log this replays the log from its checkpoint on, within `limits`.
  public func history(
    of session: SessionID, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineError) -> SessionHistory? {
    guard let ledger = ledger as? any EventLedger else { return nil }
    do { return try await ledger.history(of: session, within: limits) } catch { throw EngineError(error) }
  }

  /// Returns the ended sessions of a subject that the ledger still knows, at the cost of ``history(of:within:)``.
  public func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineError) -> EndedSessions? {
    guard let ledger = ledger as? any EventLedger else { return nil }
    do { return try await ledger.endedSessions(ofSubject: subject, within: limits) } catch {
      throw EngineError(error)
    }
  }
}
