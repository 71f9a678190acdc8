internal import LedgerTesting
internal import TokenLedger

/// What goes on from life to life of one simulated ledger: its disk, the time, what its clients know.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedWorld: @unchecked Sendable {
  let seed: UInt64
  let plan: SimulationPlan
  let trace: SimulationTrace
  let storage: FakeStorage
  let oracle = HistoryOracle()
  let time: SimulatedTime
  var random: SeededGenerator
  var tally = ProofTally()
  /// By session: as of the newest answer, and for how long its predecessor is answered.
  var newest: [Session] = []
  var newestGraces: [Int64] = []
  /// Sessions that were opened perhaps, and of which nobody knows.
  var unknownOpenings = 0
  /// What a consumer of events was told in the last life.
  var events: EventRecord?
  /// The last record that the last opening found.
  var openedSequence: UInt64 = 0
  /// By session: a client was told that it has ended.
  var hasEnded: [Bool] = []
  /// The last record known to be on the disk.
  var syncedSequence: UInt64 = 0

  init(seed: UInt64, trace: SimulationTrace) {
    self.seed = seed
    self.trace = trace
    random = SeededGenerator(seed: seed)
    plan = SimulationPlan(using: &random)
    storage = FakeStorage(seed: random.next())
    let oracle = oracle
    time = SimulatedTime(plan.temper, seed: random.next(), trace: trace) { reading, isHeldUp in
      oracle.noteTime(wall: reading.wall, boot: reading.boot, isHeldUp: isHeldUp)
    }
  }
}
