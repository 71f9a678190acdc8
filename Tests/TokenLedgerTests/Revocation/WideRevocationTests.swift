import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

/// A ledger and sessions of several subjects and clients.
struct CrowdFixture {
  let clock = ManualClock()
  let ledger: RefreshLedger

  init(sessionsPerSubjectMax: Int = 0) {
    ledger = RefreshLedger.inMemory(
      sessionsPerSubjectMax: sessionsPerSubjectMax, clock: clock.sessionClock, random: SeededGenerator(seed: 1))
  }

  static func grant(
    _ subject: String, _ client: String, rotation: RotationPolicy = .always, label: String? = nil,
    idle: Int64 = 100_000
  ) throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: 1_000_000))
    return SessionGrant(
      subject: subject, client: client, scope: "read", lifetimes: lifetimes, rotation: rotation, label: label)
  }

  func open(_ subject: String, _ client: String) async throws -> Session {
    try await ledger.open(Self.grant(subject, client))
  }

  /// Whether its refresh token is accepted, and its access token.
  func accepts(_ session: Session) async throws -> (refresh: Bool, access: Bool) {
    let refuses = ledger.revocations.refuse(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: session.usedAt.seconds)
    let request = RotationRequest(token: session.refreshTokenID, client: session.client, reuse: .refuse)
    return (try await ledger.rotate(request).refusal == nil, !refuses)
  }
}

/// Where a ledger is opened again and again.
struct LedgerPlace {
  let folder: TemporaryFolder
  let clock = ManualClock()

  init() throws {
    folder = try TemporaryFolder()
  }

  func open(seed: UInt64 = 3) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder.path, options: LedgerOptions(durability: .none, segmentBytesMax: 64 << 10),
      clock: clock.sessionClock, random: SeededGenerator(seed: seed)
    ).ledger
  }
}

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

  @Test("ends every session of its scope and no other, refresh tokens and access tokens at once", arguments: scopes)
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

  @Test("says revoked for what it ended, before its sweep and not after", arguments: scopes)
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
    #expect(fixture.ledger.revocations.isMarked(subject: "ann", client: "web", issuedAt: session.usedAt.seconds))
    #expect(try await !fixture.accepts(session).access)
  }

  @Test("leaves alone what is opened after it in the same millisecond", arguments: scopes)
  func sameMillisecond(scope: SessionScope) async throws {
    let fixture = CrowdFixture()
    let before = try await fixture.open("ann", "web")
    try await fixture.ledger.revoke(scope)
    let after = try await fixture.open("ann", "web")
    #expect(after.usedAt.seconds == before.usedAt.seconds)
    try await fixture.ledger.sweepExpired()
    #expect(try await fixture.accepts(after) == (true, true))
    #expect(try await fixture.accepts(before) == (false, false))
  }

  @Test("sweeps any number of sessions in steps, and what it frees can be opened again")
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

  @Test("holds after a restart, from the log and from a checkpoint, swept or not", arguments: scopes, [false, true])
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
            session.tokenID, subject: "ann", client: "web", issuedAt: session.usedAt.seconds) == !isLive)
        let request = RotationRequest(token: session.tokenID, client: "web")
        #expect((try await second.rotate(request).session != nil) == isLive)
      }
      try await second.sweepExpired()
      #expect(await second.statistics.entries == 1)
      try await second.close()
    }
  }

  @Test("is forgotten once no access token can be alive")
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

  @Test("of a name in another Unicode form than NFC ends just that one")
  func exactNames() async throws {
    let fixture = CrowdFixture()
    let (composed, decomposed) = ("ren\u{E9}", "rene\u{301}")
    let first = try await fixture.open(composed, "web")
    let second = try await fixture.ledger.openAsBefore(CrowdFixture.grant(decomposed, "web"))
    try await fixture.ledger.revoke(.subject(decomposed))
    #expect(try await fixture.accepts(first) == (true, true))
    #expect(try await fixture.accepts(second) == (false, false))
  }
}

@Suite("Revoking one access token")
struct AccessRevocationTests {
  @Test("refuses that one until its end, and its session goes on")
  func refusesOne() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let end = session.usedAt.advanced(byMilliseconds: 60_000)
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    #expect(try await fixture.accepts(session) == (true, false))
    let next = try #require(try await fixture.ledger.session(session.id))
    #expect(try await fixture.accepts(next).access)
    fixture.clock.advance(milliseconds: 3_600_000)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.state.revokedTokens.isEmpty)
    #expect(try await fixture.accepts(session).access)
  }

  @Test("writes nothing for a token that has ended or was revoked before")
  func writesOnce() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let end = session.usedAt.advanced(byMilliseconds: 60_000)
    try await fixture.ledger.revokeAccess(session.tokenID, until: session.usedAt)
    let before = await fixture.ledger.statistics.sequence
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    try await fixture.ledger.revokeAccess(session.tokenID, until: end)
    #expect(await fixture.ledger.statistics.sequence == before + 1)
  }
}
