import WriteAheadLog

/// Looking back, in the files of the log. What was answered by then is in them, and nothing waits for it.
extension RefreshLedger: EventLedger {
  /// As ``EventLedger/events(after:buffer:)``. Reading back costs a replay of the log from its checkpoint on, beside the ledger.
  public func events(after sequence: UInt64? = nil, buffer: Int = 65_536) throws(LedgerError) -> AuditEvents {
    try Limits.eventBuffer.check("buffer", buffer)
    let last = machine.sequence
    guard sequence ?? 0 <= last else {
      throw .invalid(field: "after", limit: "at most \(last), the log's last record")
    }
    let subscription = AuditSubscription(capacity: buffer)
    if log?.failure != nil || isClosing { subscription.finish() }
    events.subscriptions.add(subscription)
    return AuditEvents(LogEventSource(self, subscription, after: sequence ?? last, handover: last))
  }

  /// What the log still tells of a session, live or ended; nil for a ledger without a log.
  public nonisolated func history(
    of session: SessionID, within limits: HistoryLimits = HistoryLimits()
  ) async throws(LedgerError) -> SessionHistory? {
    let collector = SessionCollector(of: session, toldMax: limits.toldMax)
    guard let (found, extent) = try await lookBack(collector, limits) else { return nil }
    var history = found.history
    history.extent = extent
    return history
  }

  /// The sessions of a subject that have ended, as far as the log still tells; nil for a ledger without a log.
  public nonisolated func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits = HistoryLimits()
  ) async throws(LedgerError) -> EndedSessions? {
    let collector = EndedCollector(ofSubject: subject, toldMax: limits.toldMax)
    guard let (found, extent) = try await lookBack(collector, limits) else { return nil }
    var ended = found.ended
    ended.extent = extent
    if ended.sessions.isEmpty, extent.isWhole { try NameForm.check("subject", subject) }
    return ended
  }

  private nonisolated func lookBack<Collector: HistoryCollector>(
    _ collector: Collector, _ limits: HistoryLimits
  ) async throws(LedgerError) -> (Collector, HistoryExtent)? {
    guard let storage = log?.storage else { return nil }
    let thread: CommitThread
    do { thread = try CommitThread(givesWay: true) } catch { throw LedgerError(reading: error) }
    let reading = Task.detached(executorPreference: thread) { () -> Result<(Collector, HistoryExtent), LogError> in
      var collector = collector
      do throws(LogError) {
        let extent = try HistoryPass.run(&collector, in: storage, within: limits)
        return .success((collector, extent))
      } catch {
        return .failure(error)
      }
    }
    switch await reading.value {
    case .success(let found): return found
    case .failure(let failure): throw LedgerError(reading: failure)
    }
  }
}
