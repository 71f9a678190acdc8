import Synchronization

/// The heartbeat, and the end.
extension RefreshLedger {
  /// As ``SessionLedger/run(_:)``: ``sweepExpired()`` once a second. Ends when the task is cancelled, and closes nothing.
  public nonisolated func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async {
    // Where the log was written under a clock that was ahead of what this one says now.
    var steps = ClockSteps(shiftSeconds: await statistics.clockShiftSeconds, lead: time.wallClockLead())
    while (try? await Task.sleep(for: .seconds(1))) != nil {
      try? await sweepExpired()
      if let step = steps.step(to: await statistics.clockShiftSeconds, lead: time.wallClockLead()) { notice(step) }
    }
  }

  /// Frees every entry whose time has come, in steps between which other calls run. Meant for a heartbeat of a second:
  /// it also notices when the disk has not answered for ``stallSeconds``, ends the waits whose deadline has passed, and has the log know the time, once a
  /// minute and, while the wall clock is behind it, each second.
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

  /// A commit that takes as long makes the heartbeat refuse all further changes, as ``LedgerError/overloaded``, until it ends.
  public static let stallSeconds = 5

  /// Makes everything staged durable and closes the log cleanly. Every later call fails. A checkpoint that is under way
  /// is given up.
  public nonisolated func close() async throws(LedgerError) {
    await stopCheckpoints()
    await noteClosingTime()
    try await finish()
  }

  /// The same for whoever has told nobody anything that rests on the time: the log has no further record by it.
  package nonisolated func closeUnserved() async throws(LedgerError) {
    await stopCheckpoints()
    try await finish()
  }

  private nonisolated func finish() async throws(LedgerError) {
    do { try await closeLog() } catch { throw LedgerError(error) }
  }

  /// Closes the log, whatever it comes to, and ends those who listen.
  nonisolated func closeLog() async throws(LogError) {
    if log == nil { isClosedInMemory.store(true, ordering: .relaxed) }
    let result: Result<Void, LogError>
    do { result = .success(try await log?.close() ?? ()) } catch { result = .failure(error) }
    await endSubscriptions()
    try result.get()
  }

  private func endSubscriptions() { events.subscriptions.finish() }

  /// What a log that takes no more records cannot say is left.
  func noteClosingTime() {
    guard logFailure == nil, (try? admit()) != nil else { return }
    machine.noteClosingTime(into: &events)
  }
}

/// Notices, from one second to the next, that somebody set the wall clock. What it leads to is decided in the machine.
private struct ClockSteps {
  private var shiftSeconds: Int64
  private var lead: Int64?

  /// Less is what a time server does in passing.
  private static let stepMilliseconds: Int64 = 2000

  init(shiftSeconds: Int64, lead: Int64?) {
    self.shiftSeconds = shiftSeconds
    self.lead = lead
  }

  /// - Parameter leadNow: by how much the wall clock is ahead of the boot clock; nil where that could not be read.
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
