public import RotationModel

/// Looking at sessions and at what happens to them, and ending them.
extension RotationEngine {
  /// The session if it is live now.
  public func session(_ id: SessionID) async throws(EngineError) -> Session? {
    do { return try await ledger.session(id) } catch { throw EngineError(error) }
  }

  /// The live sessions of a subject, a client, both, or all, in pages; see ``SessionLedger/sessions(of:after:limit:)``.
  public func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(EngineError) -> SessionPage {
    do { return try await ledger.sessions(of: scope, after: cursor, limit: limit) } catch { throw EngineError(error) }
  }

  /// See ``SessionLedger/sessionCount(of:)``.
  public func sessionCount(of scope: SessionScope) async throws(EngineError) -> Int {
    do { return try await ledger.sessionCount(of: scope) } catch { throw EngineError(error) }
  }

  /// Who has sessions: for whoever keeps subjects and clients, to end what those have left that are gone.
  public func sessionHolders() async throws(EngineError) -> SessionHolders {
    do { return try await ledger.holders() } catch { throw EngineError(error) }
  }

  /// Ends a session: its refresh token and, in this process, its access tokens are refused from now on.
  /// Returns whether it was live.
  @discardableResult
  public func revoke(_ session: SessionID) async throws(EngineError) -> Bool {
    try await inquiries.revoke(session)
  }

  /// Ends all sessions of a subject, a client, both, or all, and in this process their access tokens: to be called when a subject is disabled
  /// or removed or changes its password. Costs one record, however many sessions there are, and a look at each to count them. Returns how many
  /// were live; see ``SessionLedger/revoke(_:)-(SessionScope)``.
  @discardableResult
  public func revokeSessions(of scope: SessionScope) async throws(EngineError) -> Int {
    let count: Int
    do { count = try await ledger.revoke(scope) } catch { throw EngineError(error) }
    observer.engine(observed: .revokedAll(scope))
    return count
  }

  /// Ends the sessions of a subject that were opened under another version of its account, and in this process their access tokens, one by one: what
  /// whoever follows accounts calls for each change. Those that were opened under this version go on, so a log-in right after the change does.
  /// Returns how many ended.
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

  /// What happens from now on, or from a place on; see ``EventLedger/events(after:buffer:)``.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `ledger` where the engine's ledger tells no events.
  public func events(
    after sequence: UInt64? = nil, buffer: Int = 65_536
  ) async throws(EngineError) -> AuditEvents {
    guard let ledger = ledger as? any EventLedger else {
      throw .invalid(field: "ledger", limit: "one that tells events")
    }
    do { return try await ledger.events(after: sequence, buffer: buffer) } catch { throw EngineError(error) }
  }

  /// What the ledger still tells of a session, live or ended; nil where it tells nothing. With a log it costs a replay of the log from its
  /// checkpoint on, within `limits`.
  public func history(
    of session: SessionID, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineError) -> SessionHistory? {
    guard let ledger = ledger as? any EventLedger else { return nil }
    do { return try await ledger.history(of: session, within: limits) } catch { throw EngineError(error) }
  }

  /// The sessions of a subject that have ended, at the same cost.
  public func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineError) -> EndedSessions? {
    guard let ledger = ledger as? any EventLedger else { return nil }
    do { return try await ledger.endedSessions(ofSubject: subject, within: limits) } catch {
      throw EngineError(error)
    }
  }
}
