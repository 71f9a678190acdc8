public import TokenLedger
internal import TokenSigning
internal import WriteAheadLog

/// Looking at what was, at the keys and at the log, for whoever runs the engine.
extension RotationEngine {
  /// What the log still tells of a session, live or ended; nil for an engine without a log. Costs a replay of the log from its
  /// checkpoint on, within `limits`.
  public func history(
    of session: SessionID, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineFailure) -> SessionHistory? {
    do { return try await ledger.history(of: session, within: limits) } catch { throw EngineFailure(error) }
  }

  /// The sessions of a subject that have ended, at the same cost.
  public func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits = HistoryLimits()
  ) async throws(EngineFailure) -> EndedSessions? {
    do { return try await ledger.endedSessions(ofSubject: subject, within: limits) } catch {
      throw EngineFailure(error)
    }
  }

  /// The keys in force, those of access tokens first.
  public var keyStates: [KeyState] {
    let keys = keys.keys
    return keys.access.map { KeyState($0, use: .access) } + keys.refresh.map { KeyState($0, use: .refresh) }
  }

  /// Costs one turn of the ledger's actor, and never waits for the disk.
  public var logHealth: LogHealth {
    get async {
      var health = LogHealth(durability: durability, ledger: await statistics)
      if let failure = ledger.logFailure {
        health.state = .closed(EngineFailure.ledger(.log(failure)).description)
      } else if ledger.isStalled {
        health.state = .stalled
      }
      guard let log = ledger.logStatistics else { return health }
      health.files = LogHealth.Files(
        segments: log.segments, bytesWritten: log.bytesWritten, commits: log.frames, records: log.records,
        syncs: log.syncs, lastCommit: log.lastCommit, syncedSequence: log.syncedSequence)
      return health
    }
  }

  /// The ledger's time.
  package var time: Timestamp { now() }

  private var durability: String {
    switch options.durability {
    case .always: "always"
    case .interval: "interval"
    case .none: "none"
    }
  }
}
