import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("The grace window")
struct GraceWindowTests {
  private func noteUse(_ fixture: RotationFixture, generation: UInt32, issuedAt: Timestamp? = nil) {
    fixture.ledger.successorWatch.note(
      TokenID(session: fixture.session.id, generation: generation),
      issuedAt: (issuedAt ?? fixture.clock.now).seconds, now: fixture.clock.now)
  }

  @Test("The grace window closes when the successor is seen as an access token")
  func closesWithAccess() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 5_000)
    #expect(try await fixture.rotate(generation: 0, grace: 5_000).session != nil)
    noteUse(fixture, generation: 1)
    let late = try await fixture.rotate(generation: 0, grace: 5_000, reuse: .refuse)
    #expect(late.refusal == .reused(.lateParent, generationsBehind: 1, revokedSession: false))
  }

  @Test("The grace window stays open when the predecessor's own access token is seen")
  func staysOpenForThePredecessor() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 5_000)
    _ = try await fixture.rotate(generation: 1, grace: 5_000)
    noteUse(fixture, generation: 1)
    #expect(try await fixture.rotate(generation: 1, grace: 5_000).session?.generation == 2)
  }

  @Test("The grace window opens anew with the next rotation")
  func opensAnew() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 5_000)
    noteUse(fixture, generation: 1)
    _ = try await fixture.rotate(generation: 1, grace: 5_000)
    #expect(try await fixture.rotate(generation: 1, grace: 5_000).session?.generation == 2)
  }

  @Test("The grace window stays closed after a restart, from the log and from a checkpoint", arguments: [false, true])
  func staysClosed(checkpointed: Bool) async throws {
    let place = try LedgerPlace()
    let first = try await place.open()
    let session = try await first.open(CrowdFixture.grant("ann", "web"))
    func request(_ reuse: ReusePolicy) -> RotationRequest {
      RotationRequest(token: session.tokenID, client: "web", graceMilliseconds: 60_000, reuse: reuse)
    }
    let next = try #require(try await first.rotate(request(.refuse)).session)
    try await first.sweepExpired()
    first.successorWatch.note(next.tokenID, issuedAt: next.refreshedAt.seconds, now: place.clock.now)
    try await first.sweepExpired()
    if checkpointed { try await first.checkpoint() }
    try await first.close()
    let second = try await place.open()
    let refusal = try await second.rotate(request(.refuse)).refusal
    #expect(refusal == .reused(.lateParent, generationsBehind: 1, revokedSession: false))
    try await second.close()
  }

  @Test("The grace window also closes for a use that is seen after a restart")
  func closesAfterARestart() async throws {
    let place = try LedgerPlace()
    let first = try await place.open()
    let session = try await first.open(CrowdFixture.grant("ann", "web"))
    let request = RotationRequest(
      token: session.tokenID, client: "web", graceMilliseconds: 60_000, reuse: .refuse)
    let next = try #require(try await first.rotate(request).session)
    try await first.close()
    let second = try await place.open()
    #expect(try await second.rotate(request).session == next)
    second.successorWatch.note(next.tokenID, issuedAt: next.refreshedAt.seconds, now: place.clock.now)
    #expect(try await second.rotate(request).session == nil)
    try await second.close()
  }

  @Test(
    "The grace window is out of its limits below 0 and above 300 s, and then nothing is written",
    arguments: [-1, 300_001] as [Int64])
  func limits(grace: Int64) async throws {
    let fixture = try await RotationFixture()
    let before = await fixture.ledger.statistics.sequence
    await #expect { try await fixture.rotate(generation: 0, grace: grace) } throws: { error in
      guard case .invalid(field: "grace", _)? = error as? LedgerError else { return false }
      return true
    }
    #expect(await fixture.ledger.statistics.sequence == before)
  }

  @Test(
    "The grace window and the time since the rotation tell the class of a reuse",
    arguments: [
      (999, 0, .race), (1_000, 0, .lateParent), (1_000, 2_000, .retry), (1_999, 2_000, .retry),
      (2_000, 2_000, .lateParent),
    ] as [(Int64, Int64, ReuseClass)])
  func classes(after: Int64, grace: Int64, expected: ReuseClass) async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: grace)
    fixture.clock.advance(milliseconds: after)
    switch try await fixture.rotate(generation: 0, grace: grace, reuse: .refuse) {
    case .retried(_, let reuse): #expect(reuse == expected && expected == .retry)
    case .refused(.reused(let reuse, generationsBehind: 1, revokedSession: false)):
      #expect(reuse == expected && expected != .retry)
    case let other: Issue.record("\(other)")
    }
  }

  @Test("The grace window shares one record of the transition among any number of presenters")
  func presentersShare() async throws {
    let fixture = try await RotationFixture()
    let request = RotationRequest(
      token: fixture.session.tokenID, client: "web", graceMilliseconds: 5_000, reuse: .revokeSession)
    let outcomes = try await fixture.ledger.rotate(Array(repeating: request, count: 50))
    let sessions = Set(outcomes.compactMap(\.session))
    #expect(sessions.count == 1 && outcomes.allSatisfy { $0.refusal == nil })
    #expect(outcomes.count { if case .rotated = $0 { true } else { false } } == 1)
  }
}
