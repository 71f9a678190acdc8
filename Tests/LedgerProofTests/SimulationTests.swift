import Testing

@testable import LedgerProof

@Suite("The simulation")
struct SimulationTests {
  @Test("The simulation finds no promise broken, whatever the schedule, the disk and the clock do", arguments: 0..<20)
  func noPromiseIsBroken(share: UInt64) async {
    let proof = SimulationProof()
    var tally = ProofTally()
    for seed in (share * 15)..<(share * 15 + 15) { await proof.run(seed, into: &tally, trace: nil) }
    for violation in tally.violations {
      Issue.record("\(violation.what)\n\(proof.replayCommand(violation.number))")
    }
    #expect(tally["recoveries"] > 30)
  }

  @Test("The simulation of one seed goes the same way twice", arguments: [3, 17, 91, 1_000_003] as [UInt64])
  func sameSeedSameRun(seed: UInt64) {
    var first = ProofTally()
    var second = ProofTally()
    var lines: [[String]] = [[], []]
    let firstHash = SimulationProof.simulate(seed, into: &first) { lines[0].append($0) }
    let secondHash = SimulationProof.simulate(seed, into: &second) { lines[1].append($0) }
    #expect(firstHash == secondHash)
    #expect(lines[0] == lines[1])
    #expect(lines[0].count > 100)
  }

  @Test("The simulation meets every kind of verdict, of end and of fault")
  func coversItsKinds() async {
    var tally = ProofTally()
    for seed in 400..<500 as Range<UInt64> { await SimulationProof().run(seed, into: &tally, trace: nil) }
    let kinds = [
      "ended by a clean close", "ended by a kill", "ended by a power loss", "torn tails cut",
      "syncs failed and forgotten", "disks full", "calls failed with EIO", "transfers cut short",
      "transfers interrupted", "bits flipped at rest", "checkpoints written", "refused as overloaded", "opened",
      "rotated", "replayed as race", "refused: reused as race", "refused: reused as late_parent",
      "refused: reused as stale_lineage, and revoked for it", "refused: revoked", "used", "wide revocation",
      "access token revoked", "successor noted", "batch of rotations", "batch of openings", "listings compared",
      "listings amid changes", "openings under a cap", "events told", "event streams compared with the log",
      "refused: expired", "refused: unknown", "refused: wrong client", "revoked", "one-time token issued",
      "one-time token consumed", "one-time token refused: alreadyConsumed", "one-time token refused: expired",
      "one-time token refused: unknown", "one-time token refused: wrongPurpose",
      "seeds run twice with the same trace hash",
    ]
    for kind in kinds { #expect(tally[kind] > 0, "\(kind)") }
  }
}
