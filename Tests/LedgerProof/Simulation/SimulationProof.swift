/// The unmodified ledger and log under a seeded executor, disk and clock, judged by what its clients were told.
package struct SimulationProof: Proof {
  package let name = "simulate"
  package let summary = "seeded schedules of clients, crashes, disks and clocks, judged by an oracle of the history"
  package let cases: Range<UInt64> = 0..<100_000

  /// Every so many seeds one is run twice.
  private static let repeatedEvery: UInt64 = 16

  package init() {}

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let hash = Self.simulate(number, into: &tally, trace: trace)
    trace?("trace hash \(String(hash, radix: 16))")
    guard number % Self.repeatedEvery == 0 || trace != nil else { return }
    var ignored = ProofTally()
    let again = Self.simulate(number, into: &ignored, trace: nil)
    tally.add("seeds run twice with the same trace hash", again == hash ? 1 : 0)
    if again != hash {
      tally.addViolation(number, "the same seed ran twice and not alike", evidence: ["\(hash) and \(again)"])
    }
  }

  /// Returns the hash of everything that happened, in its order.
  static func simulate(_ seed: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) -> UInt64 {
    let world = SimulatedWorld(seed: seed, trace: SimulationTrace(print: trace))
    run(world)
    tally.merge(world.tally)
    tally.merge(world.time.tally)
    for violation in world.oracle.violations {
      tally.addViolation(seed, violation.what, evidence: violation.evidence)
    }
    return world.trace.hash
  }

  /// Runs all lives.
  private static func run(_ world: SimulatedWorld) {
    world.trace.note("seed \(world.seed): durability \(world.plan.durability), \(world.plan.lives) lives")
    for number in 0..<world.plan.lives {
      let life = SimulatedLife(world, number: number, isLast: number == world.plan.lives - 1)
      life.run()
      guard world.oracle.violations.isEmpty else { return }
      if (world.random.next() as UInt64) % 2 == 0 { world.time.jump() }
      if (world.random.next() as UInt64) % 12 == 0 { RotAtRest(world: world).run() }
      guard world.oracle.violations.isEmpty else { return }
    }
  }
}
