public import TokenLedger

/// Looking at sessions, and at what happens to them.
extension RotationEngine {
  /// The session if it is live now.
  public func session(_ id: SessionID) async throws(EngineFailure) -> Session? {
    do { return try await ledger.session(id) } catch { throw EngineFailure(error) }
  }

  /// The live sessions of a subject, a client, both, or all, in pages; see ``RefreshLedger/sessions(of:after:limit:)``.
  public func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(EngineFailure) -> SessionPage {
    do { return try await ledger.sessions(of: scope, after: cursor, limit: limit) } catch { throw EngineFailure(error) }
  }

  /// See ``RefreshLedger/sessionCount(of:)``.
  public func sessionCount(of scope: SessionScope) async -> Int {
    await ledger.sessionCount(of: scope)
  }

  /// What happens from now on, or from a place in the log on; see ``RefreshLedger/events(after:buffer:)``.
  public func events(
    after sequence: UInt64? = nil, buffer: Int = 65_536
  ) async throws(EngineFailure) -> AuditEvents {
    do { return try await ledger.events(after: sequence, buffer: buffer) } catch { throw EngineFailure(error) }
  }

  /// Who has sessions: for whoever keeps subjects and clients, to end what those have left that are gone.
  public var holders: SessionHolders {
    get async { await ledger.holders() }
  }
}
