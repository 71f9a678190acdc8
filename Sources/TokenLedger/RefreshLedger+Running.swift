import Synchronization

/// The heartbeat and the closing of the ledger.
extension RefreshLedger {
  /// Calls ``sweepExpired()`` once a second until the task is cancelled; see ``SessionLedger/run(_:)``.
  ///
  /// The call closes nothing.
  public nonisolated func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async {
    // The shift is above 0 if the log was written under a clock that was ahead of what this one says now.
    var steps = ClockSteps(shiftSeconds: await statistics.clockShiftSeconds, lead: time.wallClockLead())
    while (try? await Task.sleep(for: .seconds(1))) != nil {
      try? await sweepExpired()
      if let step = steps.step(to: await statistics.clockShiftSeconds, lead: time.wallClockLead()) { notice(step) }
    }
  }

  /// Frees every entry that has ended, in steps between which other calls run.
  ///
  /// The call is meant for a heartbeat of a second. It also notices that the disk has not answered for
  /// ``stallSeconds``, ends the waits whose deadline has passed, and records the time: once a minute, or each second
  /// while the wall clock is behind the ledger's time.
  public nonisolated func sweepExpired() async throws(LedgerError) {
    noteHeartbeat()
    while try await !sweepStep() {
      noteHeartbeat()
      await Task.yield()
    }
  }

  private nonisolated func noteHeartbeat() {
    log?.noteStall(limit: .seconds(Self.stallSeconds))
    log?.endOverdueWaits()
  }

  func sweepStep() throws(LedgerError) -> Bool {
    try admit()
    return machine.sweepStep(into: &events)
  }

  /// The seconds after which an unfinished commit makes the heartbeat refuse all further changes, as
  /// ``LedgerError/overloaded``, until it ends.
  public static let stallSeconds = 5

  /// Makes everything staged durable and closes the log cleanly.
  ///
  /// Every later call fails. A checkpoint that is under way is abandoned.
  public nonisolated func close() async throws(LedgerError) {
    await stopCheckpoints()
    await noteClosingTime()
    try await finish()
  }

  /// Closes the log of a ledger that has given no answer that rests on the time, without a further record.
  package nonisolated func closeUnserved() async throws(LedgerError) {
    await stopCheckpoints()
    try await finish()
  }

  private nonisolated func finish() async throws(LedgerError) {
    do { try await closeLog() } catch { throw LedgerError(error) }
  }

  /// Closes the log, whatever the result, and ends the subscriptions.
  nonisolated func closeLog() async throws(LogError) {
    if log == nil { isClosedInMemory.store(true, ordering: .relaxed) }
    let result: Result<Void, LogError>
    do { result = .success(try await log?.close() ?? ()) } catch { result = .failure(error) }
    await endSubscriptions()
    try result.get()
  }

  private func endSubscriptions() { events.subscriptions.finish() }

  /// Records the time of the closing, unless the log accepts no more records.
  func noteClosingTime() {
    guard logFailure == nil, (try? admit()) != nil else { return }
    machine.noteClosingTime(into: &events)
  }
}

/// A detector that notices, from one second to the next, that somebody set the wall clock.
///
/// The machine decides on the consequences.
private struct ClockSteps {
  private var shiftSeconds: Int64
  private var lead: Int64?

  /// The smallest step that counts, in milliseconds; a time server makes smaller ones in passing.
  private static let stepMilliseconds: Int64 = 2000

  init(shiftSeconds: Int64, lead: Int64?) {
    self.shiftSeconds = shiftSeconds
    self.lead = lead
  }

  /// Returns the notice of a step since the last call, or nil if there was none.
  ///
  /// `leadNow` is the number of milliseconds by which the wall clock is ahead of the boot clock, or nil if it could not
  /// be read.
  mutating func step(to shiftNow: Int64, lead leadNow: Int64?) -> LedgerNotice? {
    var step = lead.flatMap { before in leadNow.map { $0 - before } } ?? 0
    if abs(step) <= Self.stepMilliseconds, shiftNow > shiftSeconds + Self.stepMilliseconds / 1000 {
      step = (shiftSeconds - shiftNow) * 1000
    }
    if let leadNow { lead = leadNow }
    shiftSeconds = shiftNow
    guard abs(step) > Self.stepMilliseconds else { return nil }
    return .clockStepped(byMilliseconds: step, shiftSeconds: shiftNow)
  }
}
