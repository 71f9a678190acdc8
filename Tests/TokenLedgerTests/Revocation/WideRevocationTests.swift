import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("A wide revocation")
struct WideRevocationTests {
  private static let scopes: [SessionScope] = [
    .subject("ann"), .client("web"), .subjectAtClient(subject: "ann", client: "web"), .all,
  ]

  private static func covers(_ scope: SessionScope, _ session: Session) -> Bool {
    switch scope {
    case .subject(let subject): session.subject == subject
    case .client(let client): session.client == client
    case .subjectAtClient(let subject, let client): session.subject == subject && session.client == client
    case .all: true
    }
  }

  @Test(
    "A wide revocation ends every session of its scope and no other, refresh tokens and access tokens at once",
    arguments: scopes)
  func endsItsScope(scope: SessionScope) async throws {
    let fixture = CrowdFixture()
    var sessions: [Session] = []
    for subject in ["ann", "bob"] {
      for client in ["web", "app"] { sessions.append(try await fixture.open(subject, client)) }
    }
    try await fixture.ledger.revoke(scope)
    for session in sessions {
      let accepted = try await fixture.accepts(session)
      #expect(accepted == (!Self.covers(scope, session), !Self.covers(scope, session)))
    }
  }

  @Test("A wide revocation says revoked for what it ended, before its sweep and not after", arguments: scopes)
  func sweepFrees(scope: SessionScope) async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    try await fixture.ledger.revoke(scope)
    let request = RotationRequest(token: session.tokenID, client: "web")
    #expect(try await fixture.ledger.rotate(request).refusal == .revoked(generationsBehind: 0))
    #expect(await fixture.ledger.statistics.entries == 1)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.statistics.entries == 0)
    #expect(try await fixture.ledger.rotate(request).refusal == .unknown)
    #expect(fixture.ledger.revocations.isMarked(subject: "ann", client: "web", issuedAt: session.refreshedAt.seconds))
    #expect(try await !fixture.accepts(session).access)
  }

  @Test("A wide revocation leaves alone what is opened after it in the same millisecond", arguments: scopes)
  func sameMillisecond(scope: SessionScope) async throws {
    let fixture = CrowdFixture()
    let before = try await fixture.open("ann", "web")
    try await fixture.ledger.revoke(scope)
    let after = try await fixture.open("ann", "web")
    #expect(after.refreshedAt.seconds == before.refreshedAt.seconds)
    try await fixture.ledger.sweepExpired()
    #expect(try await fixture.accepts(after) == (true, true))
    #expect(try await fixture.accepts(before) == (false, false))
  }

  @Test("A wide revocation sweeps any number of sessions in steps, and what it frees can be opened again")
  func manySessions() async throws {
    let fixture = CrowdFixture()
    let grants = try (0..<4096).map { _ in try CrowdFixture.grant("ann", "web") }
    for _ in 0..<3 { _ = try await fixture.ledger.open(grants) }
    try await fixture.ledger.revoke(.subject("ann"))
    let kept = try await fixture.open("ann", "web")
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.statistics.entries == 1)
    _ = try await fixture.ledger.open(grants)
    fixture.clock.advance(milliseconds: 99_999)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.statistics.entries == 4097)
    #expect(try await fixture.ledger.session(kept.id) != nil)
    fixture.clock.advance(milliseconds: 2_000)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.statistics.entries == 0)
  }

  @Test(
    "A wide revocation holds after a restart, from the log and from a checkpoint, swept or not", arguments: scopes,
    [false, true])
  func survivesARestart(scope: SessionScope, checkpointed: Bool) async throws {
    for isSwept in [false, true] {
      let place = try LedgerPlace()
      let first = try await place.open()
      let before = try await first.open(CrowdFixture.grant("ann", "web"))
      try await first.revoke(scope)
      let after = try await first.open(CrowdFixture.grant("ann", "web"))
      if isSwept { try await first.sweepExpired() }
      if checkpointed { try await first.checkpoint() }
      try await first.close()
      let second = try await place.open()
      for (session, isLive) in [(before, false), (after, true)] {
        #expect(
          second.revocations.refuse(
            session.tokenID, subject: "ann", client: "web", issuedAt: session.refreshedAt.seconds) == !isLive)
        let request = RotationRequest(token: session.tokenID, client: "web")
        #expect((try await second.rotate(request).session != nil) == isLive)
      }
      try await second.sweepExpired()
      #expect(await second.statistics.entries == 1)
      try await second.close()
    }
  }

  @Test("A wide revocation is forgotten once no access token can be alive")
  func marksEnd() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    for scope in Self.scopes { try await fixture.ledger.revoke(scope) }
    try await fixture.ledger.sweepExpired()
    let (names, marks) = (await fixture.ledger.state.names.count, await fixture.ledger.state.marks.count)
    #expect((names, marks) == (2, 4))
    fixture.clock.advance(milliseconds: Lifetimes.accessMillisecondsMax - 1_000)
    try await fixture.ledger.sweepExpired()
    #expect(try await !fixture.accepts(session).access)
    fixture.clock.advance(milliseconds: 3_600_000)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.state.marks.count == 0)
    #expect(await fixture.ledger.state.names.count == 0)
    #expect(try await fixture.accepts(session).access)
  }

  @Test("A wide revocation of a name in another Unicode form than NFC ends just that name's sessions")
  func exactNames() async throws {
    let fixture = CrowdFixture()
    let (composed, decomposed) = ("ren\u{E9}", "rene\u{301}")
    let first = try await fixture.open(composed, "web")
    let second = try await fixture.ledger.openAsBefore(CrowdFixture.grant(decomposed, "web"))
    try await fixture.ledger.revoke(.subject(decomposed))
    #expect(try await fixture.accepts(first) == (true, true))
    #expect(try await fixture.accepts(second) == (false, false))
  }

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
    #expect(refuses(refreshed, in: fixture.ledger, issuedAt: refreshed.refreshedAt))
  }

  @Test("An access token of a retry in the grace window in the very millisecond of a wide revocation is refused")
  func replayedInTheMarksMillisecond() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let request = RotationRequest(token: session.refreshTokenID, client: "web", graceMilliseconds: 60_000)
    _ = try await fixture.ledger.rotate(request)
    fixture.clock.advance(milliseconds: 20_000)
    let rotation = try await fixture.ledger.rotate(request)
    try await fixture.ledger.revoke(SessionScope.client("web"))
    guard case .retried(let replayed, _) = rotation else {
      Issue.record("\(rotation)")
      return
    }
    #expect(refuses(replayed, in: fixture.ledger, issuedAt: fixture.clock.now))
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
}

@Suite("Revoking one access token")
struct AccessRevocationTests {
  @Test("Revoking one access token refuses that one until its end, and its session goes on")
  func refusesOne() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let end = session.refreshedAt.advanced(byMilliseconds: 60_000)
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    #expect(try await fixture.accepts(session) == (true, false))
    let next = try #require(try await fixture.ledger.session(session.id))
    #expect(try await fixture.accepts(next).access)
    fixture.clock.advance(milliseconds: 3_600_000)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.state.revokedTokens.isEmpty)
    #expect(try await fixture.accepts(session).access)
  }

  @Test("Revoking one access token writes nothing for a token that has ended or was revoked before")
  func writesOnce() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let end = session.refreshedAt.advanced(byMilliseconds: 60_000)
    try await fixture.ledger.revokeAccess(session.tokenID, until: session.refreshedAt)
    let before = await fixture.ledger.statistics.sequence
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    #expect(await fixture.ledger.statistics.sequence == before + 1)
  }
}
