#if Postgres
import PostgresTesting
import RotationModel
import Synchronization
import Testing

@testable import TokenLedgerPostgres

@Suite("A standstill")
struct StandstillTests {
  private let start = ContinuousClock.now

  private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start.advanced(by: .milliseconds(milliseconds)) }

  @Test("is none while the beat goes on")
  func beating() {
    var standstill = Standstill(at: start)
    for time in stride(from: 50, through: 10_000, by: 50) {
      #expect(!standstill.hasJustEnded(at: after(time)))
      standstill.beat(at: after(time))
    }
  }

  @Test("is noticed by whoever comes before the next beat, and for the time after it in which old requests are read")
  func noticed() {
    var standstill = Standstill(at: start)
    #expect(!standstill.hasJustEnded(at: after(2_000)))
    #expect(standstill.hasJustEnded(at: after(2_001)))
    standstill.beat(at: after(18_000))
    #expect(standstill.hasJustEnded(at: after(18_000)))
    standstill.beat(at: after(19_000))
    #expect(standstill.hasJustEnded(at: after(19_999)))
    #expect(!standstill.hasJustEnded(at: after(20_000)))
  }
}

@Suite("A first try that comes late", .fewAtOnce, .timeLimit(.minutes(10)))
struct LateTryTests {
  @Test("refuses a token that was rotated meanwhile and ends no session; one that comes in time ends it")
  func waited() async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      let old = TokenID(session: session.id, generation: 0)
      // The only lane is taken for longer than a client waits.
      let isTaken = Atomic(false)
      async let taking: Void = tested.lanes.perform { (connection, _, deadline) throws(DatabaseError) in
        isTaken.store(true, ordering: .relaxed)
        _ = try connection.database.transaction(
          [query("select pg_sleep(\(Attempt.patience.components.seconds) + 0.5)")], deadline: deadline)
      }
      while !isTaken.load(ordering: .relaxed) { await Task.yield() }
      async let answer = tested.rotate(old)
      #expect(try await answer.refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
      try await taking
      #expect(try tested.fixture.value("select status from ledger.session") == "1")
      #expect(try await tested.rotate(old).refusal == .reused(.race, generationsBehind: 1, revokedSession: true))
    }
  }

  @Test(
    "refuses what would end a session for its account, and leaves that to the next presentation",
    arguments: [true, false])
  func outdated(isLate: Bool) async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      var request = RotationRequest(token: session.tokenID, client: "web", accessMilliseconds: 900_000)
      request.notBefore = session.openedAt.advanced(byMilliseconds: 1)
      let presentation = SlowRotation.Presentation(
        request: request, attempt: Attempt(id: 7, isRetry: false, isLate: isLate))
      let rotations = try await tested.lanes.perform { (connection, _, deadline) throws(DatabaseError) in
        try SlowRotation.run([presentation], on: connection, deadline: deadline).0
      }
      #expect(rotations[0].refusal == .outdated(generationsBehind: 0, revokedSession: !isLate))
      #expect(try tested.fixture.value("select status from ledger.session") == (isLate ? "1" : "2"))
    }
  }
}
#endif
