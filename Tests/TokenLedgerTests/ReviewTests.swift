import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("Borders of wide revocation, listing and events")
struct ReviewTests {
  private func refuses(_ session: Session, in ledger: RefreshLedger, issuedAt: Timestamp) -> Bool {
    ledger.revocations.refuse(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: issuedAt.seconds)
  }

  @Test("An access token of a refresh in the very millisecond of a wide revocation, a whole second, is refused")
  func refreshedInTheMarksMillisecond() async throws {
    let fixture = CrowdFixture()
    fixture.clock.advance(milliseconds: 500)
    let session = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 500)
    #expect(fixture.clock.now.milliseconds % 1000 == 0)
    let rotation = try await fixture.ledger.rotate(RotationRequest(token: session.refreshTokenID, client: "web"))
    try await fixture.ledger.revoke(SessionScope.subject("ann"))
    guard case .rotated(let refreshed) = rotation else {
      Issue.record("\(rotation)")
      return
    }
    #expect(refuses(refreshed, in: fixture.ledger, issuedAt: refreshed.usedAt))
  }

  @Test("So is one that a retry in the grace window was answered with in that millisecond")
  func replayedInTheMarksMillisecond() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let request = RotationRequest(token: session.refreshTokenID, client: "web", graceMilliseconds: 60_000)
    _ = try await fixture.ledger.rotate(request)
    fixture.clock.advance(milliseconds: 20_000)
    let rotation = try await fixture.ledger.rotate(request)
    try await fixture.ledger.revoke(SessionScope.client("web"))
    guard case .replayed(let replayed, _) = rotation else {
      Issue.record("\(rotation)")
      return
    }
    #expect(refuses(replayed, in: fixture.ledger, issuedAt: fixture.clock.now))
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

  @Test("A page after another subject's or another client's session is refused with the field")
  func foreignCursor() async throws {
    let fixture = CrowdFixture()
    _ = try await fixture.open("ann", "web")
    let foreign = try await fixture.open("bob", "app")
    _ = try await fixture.open("bob", "app")
    let cursor = SessionCursor(slot: 1, session: foreign.id)
    let scopes: [SessionScope] = [.subject("ann"), .client("web"), .subjectAtClient(subject: "ann", client: "web")]
    for scope in scopes {
      await #expect(throws: LedgerFailure.self) { _ = try await fixture.ledger.sessions(of: scope, after: cursor) }
    }
  }

  @Test("A page after the highest slot number there can be is the empty end of the list")
  func highestCursor() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let cursor = SessionCursor(slot: .max, session: session.id)
    let page = try await fixture.ledger.sessions(of: .all, after: cursor)
    #expect(page == SessionPage(sessions: []))
  }

  @Test("A wide revocation at the end of time leaves a log that opens again")
  func endOfTime() async throws {
    let place = try LedgerPlace()
    place.clock.advance(milliseconds: Timestamp.latestMilliseconds)
    let ledger = try await place.open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web"))
    try await ledger.revoke(SessionScope.all)
    try await ledger.close()
    let again = try await place.open()
    #expect(try await again.session(session.id) == nil)
    try await again.close()
  }

  @Test("A record concerns a subject only byte by byte")
  func recordOfAnotherSpelling() {
    let record = LedgerRecord(
      sequence: 1, time: .zero, kind: "expired", session: SessionID(high: 1, low: 1), subject: "\u{E9}", facts: [],
      ended: [LedgerRecord.Ended(session: SessionID(high: 2, low: 2), subject: "\u{E9}")])
    #expect(record.concerns(subject: "\u{E9}"))
    #expect(!record.concerns(subject: "e\u{301}"))
  }
}

@Suite("Following a ledger whose log fails")
struct FollowingAFailedLogTests {
  private let disk = FakeStorage(seed: 1)
  private let clock = ManualClock()

  private func open() async throws -> RefreshLedger {
    try await RefreshLedger.open(
      storage: disk, executor: CommitThread(), options: LedgerOptions(), clock: clock.sessionClock,
      random: SeededGenerator(seed: 1)
    ).ledger
  }

  /// Nobody is told of the record that fails.
  private func fail(_ ledger: RefreshLedger, _ session: Session) async {
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    clock.advance(milliseconds: 100_600)
    await #expect(throws: LedgerFailure.self) {
      _ = try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"))
    }
  }

  @Test("throws at the next heartbeat, also where the record that failed was nobody's business")
  func waiting() async throws {
    let ledger = try await open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 100_500))
    let events = try await ledger.events()
    let consumer = Task { () -> Bool in
      do {
        for try await _ in events {}
        return false
      } catch { return true }
    }
    for _ in 0..<500 { await Task.yield() }
    await fail(ledger, session)
    await #expect(throws: LedgerFailure.self) { try await ledger.sweepExpired() }
    for _ in 0..<500 { await Task.yield() }
    try await Task.sleep(for: .milliseconds(100))
    consumer.cancel()
    #expect(await consumer.value)
  }

  @Test("throws from the beginning")
  func late() async throws {
    let ledger = try await open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 100_500))
    await fail(ledger, session)
    var iterator = try await ledger.events().makeAsyncIterator()
    await #expect(throws: LedgerFailure.self) { _ = try await iterator.next() }
  }
}
