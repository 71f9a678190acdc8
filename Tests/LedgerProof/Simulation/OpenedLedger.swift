internal import LedgerTesting
internal import TokenLedger

/// A ledger on a simulated disk, and what its opening found.
struct OpenedLedger: Sendable {
  let ledger: RefreshLedger
  let records: UInt64
  let sequence: UInt64
  let hadTornTail: Bool

  static func open(
    _ storage: FakeStorage, _ plan: SimulationPlan, executor: any SerialExecutor & TaskExecutor,
    checkpointExecutor: any TaskExecutor, timer: ManualClock, clock: SessionClock, randomSeed: UInt64
  ) async -> Result<OpenedLedger, LedgerFailure> {
    do throws(LedgerFailure) {
      let opened = try await RefreshLedger.open(
        storage: storage, executor: executor, checkpointExecutor: checkpointExecutor, stopwatch: timer.stopwatch,
        options: plan.options, clock: clock, random: SeededGenerator(seed: randomSeed))
      return .success(
        OpenedLedger(
          ledger: opened.ledger, records: opened.recovery.records, sequence: opened.recovery.sequence,
          hadTornTail: opened.recovery.tornTail != nil))
    } catch {
      return .failure(error)
    }
  }
}
