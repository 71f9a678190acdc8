internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// A ledger on a simulated disk, and what its opening found.
struct OpenedLedger: Sendable {
  let ledger: RefreshLedger
  let records: UInt64
  let sequence: UInt64
  let hadTornTail: Bool

  /// The product's own opening. Only with durability `interval`, whose time that one does not take from outside, the same
  /// steps are taken here with the simulation's stopwatch.
  static func open(
    _ storage: FaultyStorage, _ plan: SimulationPlan, executor: any SerialExecutor & TaskExecutor,
    checkpointExecutor: any TaskExecutor, stopwatch: SimulatedStopwatch, clock: SessionClock, randomSeed: UInt64
  ) async -> Result<OpenedLedger, LedgerFailure> {
    let random = SeededGenerator(seed: randomSeed)
    do throws(LedgerFailure) {
      if case .interval = plan.durability {
        return .success(try await open(storage, plan, executor, checkpointExecutor, stopwatch, clock, random))
      }
      let opened = try await RefreshLedger.open(
        storage: storage, executor: executor, checkpointExecutor: checkpointExecutor, options: plan.options,
        clock: clock, random: random)
      return .success(
        OpenedLedger(
          ledger: opened.ledger, records: opened.recovery.records, sequence: opened.recovery.sequence,
          hadTornTail: opened.recovery.tornTail != nil))
    } catch {
      return .failure(error)
    }
  }

  private static func open(
    _ storage: FaultyStorage, _ plan: SimulationPlan, _ executor: any SerialExecutor & TaskExecutor,
    _ checkpointExecutor: any TaskExecutor, _ stopwatch: SimulatedStopwatch, _ clock: SessionClock,
    _ random: SeededGenerator
  ) async throws(LedgerFailure) -> OpenedLedger {
    let options = plan.options
    let logOptions = LogOptions(
      durability: options.durability, segmentBytesMax: options.segmentBytesMax,
      preallocationBytes: options.preallocationBytes, stagedBytesMax: options.stagedBytesMax,
      identity: options.identity)
    var replay = LedgerReplay()
    do throws(LogFailure) {
      let opened = try await CommitLog.open(
        storage: storage, options: logOptions, executor: executor, clock: stopwatch,
        replay: { (frame, payload) throws(RecordRefusal) in try replay.apply(frame, payload) })
      let ledger = RefreshLedger(
        state: replay.state, sequence: opened.recovery.lastSequence, log: opened.log, clock: clock, random: random,
        checkpointExecutor: checkpointExecutor, recovery: opened.recovery)
      return OpenedLedger(
        ledger: ledger, records: opened.recovery.records, sequence: opened.recovery.lastSequence,
        hadTornTail: opened.recovery.tornTail != nil)
    } catch {
      throw .log(error)
    }
  }
}
