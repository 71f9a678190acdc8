import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("The events of a ledger")
struct AuditEventTests {
  private func take(_ count: Int, _ events: AuditEvents) async throws -> [AuditEvent] {
    var taken: [AuditEvent] = []
    for try await event in events {
      taken.append(event)
      if taken.count == count { break }
    }
    return taken
  }

  /// One of each, and what they are told as.
  private func live(_ ledger: RefreshLedger, _ clock: ManualClock) async throws -> [AuditEvent.Fact] {
    let session = try await ledger.open(CrowdFixture.grant("ann", "web", label: "telephone"))
    let fixed = try await ledger.open(CrowdFixture.grant("bob", "app", rotation: .never, idle: 1_000))
    func token(_ generation: UInt32) -> TokenID { TokenID(session: session.id, generation: generation) }
    func request(_ generation: UInt32, _ reuse: ReusePolicy = .refuse) -> RotationRequest {
      RotationRequest(token: token(generation), client: "web", graceMilliseconds: 60_000, reuse: reuse)
    }
    _ = try await ledger.rotate(request(0))
    _ = try await ledger.rotate(request(0))
    ledger.successorWatch.note(token(1), issuedAt: clock.now.seconds, now: clock.now)
    _ = try await ledger.rotate(request(0))
    _ = try await ledger.rotate(RotationRequest(token: fixed.refreshTokenID, client: "app"))
    try await ledger.revokeAccess(token(1), until: clock.now.advanced(byMilliseconds: 5))
    let id = try await ledger.issue(
      OneTimeGrant(purpose: "reset", subject: "ann", payload: [1], lifetimeMilliseconds: 50_000))
    _ = try await ledger.consume(id, purpose: "reset")
    _ = try await ledger.rotate(request(0, .revokeSession))
    let other = try await ledger.open(CrowdFixture.grant("ann", "web"))
    _ = try await ledger.revoke(other.id)
    try await ledger.revoke(SessionScope.subject("ann"))
    clock.advance(milliseconds: 2_000)
    try await ledger.sweepExpired()
    return [
      .opened(token(0), subject: "ann", client: "web", scope: "read", label: "telephone"),
      .opened(fixed.tokenID, subject: "bob", client: "app", scope: "read", label: nil),
      .rotated(token(1), subject: "ann", client: "web"),
      .retried(token(1), subject: "ann", client: "web", .race),
      .successorSeen(token(1), subject: "ann", client: "web"),
      .reused(token(0), subject: "ann", client: "web", .lateParent, generationsBehind: 1, revokedSession: false),
      .refreshed(TokenID(session: fixed.id, generation: 1), subject: "bob", client: "app"),
      .accessRevoked(token(1), until: session.openedAt.advanced(byMilliseconds: 5)),
      .oneTimeIssued(id, subject: "ann", purpose: "reset"), .oneTimeConsumed(id, subject: "ann", purpose: "reset"),
      .reused(token(0), subject: "ann", client: "web", .lateParent, generationsBehind: 1, revokedSession: true),
      .opened(other.tokenID, subject: "ann", client: "web", scope: "read", label: nil),
      .revoked(other.id, subject: "ann", client: "web", .requested), .revokedAll(.subject("ann")),
      .expired(sessions: 1, oneTimeTokens: 0),
    ]
  }

  @Test("The events of a ledger are told as they happen, in order, numbered as their records are")
  func live() async throws {
    let place = try LedgerPlace()
    let ledger = try await place.open()
    let events = try await ledger.events()
    let expected = try await live(ledger, place.clock)
    let taken = try await take(expected.count, events)
    #expect(taken.map(\.fact) == expected)
    #expect(zip(taken, taken.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
    #expect(await ledger.statistics.sequence == taken.last?.sequence)
    try await ledger.close()
  }

  @Test(
    "The events of a ledger are read back from the log after a restart, and go on with what happens then",
    arguments: [0, 3, 9])
  func resumed(known: Int) async throws {
    let place = try LedgerPlace()
    let first = try await place.open()
    let told = try await first.events()
    let expected = try await live(first, place.clock)
    let before = try await take(expected.count, told)
    try await first.close()
    let second = try await place.open(seed: 9)
    let last = known == 0 ? 0 : before[known - 1].sequence
    let events = try await second.events(after: last)
    let session = try await second.open(CrowdFixture.grant("cy", "web"))
    let after = try await take(expected.count - known + 1, events)
    #expect(after.dropLast() == before[known...])
    #expect(
      after.last?.fact == .opened(session.tokenID, subject: "cy", client: "web", scope: "read", label: nil))
    try await second.close()
  }

  @Test("The events of a ledger that a checkpoint has replaced are told as missed, with their numbers")
  func replacedByACheckpoint() async throws {
    let place = try LedgerPlace()
    let ledger = try await place.open()
    _ = try await live(ledger, place.clock)
    let covered = await ledger.statistics.sequence
    try await ledger.checkpoint()
    let session = try await ledger.open(CrowdFixture.grant("cy", "web"))
    let taken = try await take(2, ledger.events(after: 2))
    #expect(taken.first?.fact == .missed(from: 3))
    #expect(taken.first?.sequence == covered)
    #expect(
      taken.last?.fact == .opened(session.tokenID, subject: "cy", client: "web", scope: "read", label: nil))
    try await ledger.close()
  }

  @Test(
    "The events of a ledger that do not fit into a slow consumer's buffer are told as missed, and no call waits for it")
  func slowConsumer() async throws {
    let fixture = CrowdFixture()
    let events = try await fixture.ledger.events(buffer: 2)
    for _ in 0..<5 { _ = try await fixture.open("ann", "web") }
    let taken = try await take(3, events)
    guard case .missed(let from)? = taken.last?.fact else {
      Issue.record("\(taken)")
      return
    }
    #expect(from > taken[1].sequence)
    #expect(await fixture.ledger.statistics.sequence == taken[2].sequence)
  }

  @Test("The events of a ledger are told in full to a consumer that reads many thousands back")
  func longHistory() async throws {
    let place = try LedgerPlace()
    let ledger = try await place.open()
    let grants = try Array(repeating: CrowdFixture.grant("ann", "web"), count: 4096)
    for _ in 0..<4 { _ = try await ledger.open(grants) }
    var taken = 0
    for try await event in try await ledger.events(after: 0) {
      taken += 1
      if case .missed = event.fact { Issue.record("\(event)") }
      if taken == 4 * 4096 { break }
    }
    #expect(taken == 4 * 4096)
    try await ledger.close()
  }

  @Test("The events of a ledger end when the ledger is closed")
  func end() async throws {
    let fixture = CrowdFixture()
    let events = try await fixture.ledger.events()
    _ = try await fixture.open("ann", "web")
    try await fixture.ledger.close()
    #expect(try await take(10, events).count == 1)
  }

  @Test("The events of a ledger from a number that the log has not reached are refused with the field")
  func ahead() async throws {
    let fixture = CrowdFixture()
    await #expect { _ = try await fixture.ledger.events(after: 1) } throws: { error in
      guard case .invalid(field: "after", _)? = error as? LedgerError else { return false }
      return true
    }
  }

  @Test("Events that a checkpoint has replaced are told as missed also where nothing has happened since")
  func replacedAndNothingSince() async throws {
    let place = try LedgerPlace()
    let ledger = try await place.open()
    for _ in 0..<3 { _ = try await ledger.open(CrowdFixture.grant("ann", "web")) }
    let covered = await ledger.statistics.sequence
    try await ledger.checkpoint()
    let events = try await ledger.events(after: 2)
    let session = try await ledger.open(CrowdFixture.grant("cy", "web"))
    var iterator = events.makeAsyncIterator()
    let missed = try #require(try await iterator.next())
    try #require(missed.fact == .missed(from: 3))
    #expect(missed.sequence == covered)
    #expect(
      try await iterator.next()?.fact
        == .opened(session.tokenID, subject: "cy", client: "web", scope: "read", label: nil))
    try await ledger.close()
  }
}
