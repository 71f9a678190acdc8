import WriteAheadLog

/// The history in the files of the log. Everything that was answered before the call is in them, so no query waits.
extension RefreshLedger: EventLedger {
  /// Returns the events from now on, or from a given position on; see ``EventLedger/events(after:buffer:)``.
  ///
  /// Reading back replays the log from its checkpoint on, beside the ledger.
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

  /// Returns what the log still holds of a session, live or ended, or nil for a ledger without a log.
  public nonisolated func history(
    of session: SessionID, within limits: HistoryLimits = HistoryLimits()
  ) async throws(LedgerError) -> SessionHistory? {
    let collector = SessionCollector(of: session, toldMax: limits.toldMax)
    guard let (found, extent) = try await lookBack(collector, limits) else { return nil }
    var history = found.history
    history.extent = extent
    return history
  }

  /// Returns the ended sessions of a subject that the log still holds, or nil for a ledger without a log.
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
