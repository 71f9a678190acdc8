#if Postgres
import LedgerProof
import Testing

/// Exchanges with the database fail; `ledger-proof database-faults` tries each of them alone, in every way.
@Suite("A database whose exchanges fail", .fewAtOnce, .timeLimit(.minutes(10)))
struct DatabaseFaultTests {
  /// Of each so many exchanges one fails in a run.
  private static let parts = 6

  @Test(
    "Whatever exchange fails, callers get the right answer, what is acknowledged stays, and the instance goes on",
    arguments: 0..<DatabaseFaultProof.stages, 0..<parts)
  func manyExchanges(stage: UInt64, part: Int) async throws {
    var tally = ProofTally()
    try await DatabaseFaultProof().runMany(
      stage: stage, part: part, of: Self.parts, holds: false, into: &tally)
    expectNothing(tally)
    #expect(tally["faults"] > 0)
  }

  @Test("An exchange that outlasts the deadline leaves the outcome unknown, and nothing else", arguments: 0..<2)
  func heldAnswers(part: Int) async throws {
    var tally = ProofTally()
    // What begins an instance is the first third.
    try await DatabaseFaultProof().runMany(stage: 0, part: 3 + part * 11, of: 20, holds: true, into: &tally)
    expectNothing(tally)
    #expect(tally["faults: no answer before the deadline"] > 2)
  }

  @Test("An exchange that fails alone is asked again", arguments: [1, 5, 9, 12] as [UInt64])
  func oneExchange(form: UInt64) async throws {
    var tally = ProofTally()
    for exchange in stride(from: 30 + form, to: 110, by: 40) {
      await DatabaseFaultProof().run(exchange * DatabaseFaultProof.forms + form, into: &tally, trace: nil)
    }
    expectNothing(tally)
  }

  private func expectNothing(_ tally: ProofTally) {
    for violation in tally.violations {
      Issue.record("\(violation.what)\n\(violation.evidence.joined(separator: "\n"))")
    }
  }
}

/// Several instances on one database; `ledger-proof database-histories` runs more seeds.
@Suite("Histories of several instances", .fewAtOnce, .timeLimit(.minutes(10)))
struct DatabaseHistoryTests {
  @Test(
    "Their answers can be put into one order, whatever instance was asked and whose connections failed",
    arguments: 0..<8)
  func histories(seed: UInt64) async {
    let proof = DatabaseHistoryProof()
    var tally = ProofTally()
    await proof.run(seed, into: &tally, trace: nil)
    for violation in tally.violations {
      Issue.record(
        "\(violation.what)\n\(violation.evidence.joined(separator: "\n"))\n\(proof.replayCommand(violation.number))")
    }
    #expect(tally["rotated"] > 5)
    #expect(tally["lives judged"] > 2)
  }
}
#endif
