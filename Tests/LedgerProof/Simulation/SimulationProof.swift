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
    world.run()
    tally.merge(world.tally)
    tally.merge(world.time.tally)
    for violation in world.oracle.violations {
      tally.addViolation(seed, violation.what, evidence: violation.evidence)
    }
    return world.trace.hash
  }
}
