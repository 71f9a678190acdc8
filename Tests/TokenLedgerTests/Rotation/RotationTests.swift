import LedgerTesting
import Testing

@testable import TokenLedger

/// A ledger in memory, its clock, and one open session.
struct RotationFixture {
  let clock = ManualClock()
  let ledger: RefreshLedger
  let session: Session

  init(idleMilliseconds: Int64 = 10_000, absoluteMilliseconds: Int64 = 25_000) async throws {
    ledger = RefreshLedger.inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 1))
    let lifetimes = try #require(
      Lifetimes(idleMilliseconds: idleMilliseconds, absoluteMilliseconds: absoluteMilliseconds))
    session = try await ledger.open(
      SessionGrant(subject: "ann", client: "web", scope: "read write", lifetimes: lifetimes))
  }

  func rotate(
    generation: UInt32, client: String = "web", grace: Int64 = 0, reuse: ReusePolicy = .revokeSession,
    scope: String? = nil
  ) async throws -> Rotation {
    try await ledger.rotate(
      RotationRequest(
        token: TokenID(session: session.id, generation: generation), client: client, graceMilliseconds: grace,
        reuse: reuse, narrowedScope: scope))
  }
}

extension Rotation {
  var session: Session? {
    switch self {
    case .rotated(let session), .refreshed(let session), .retried(let session, _): session
    case .refused: nil
    }
  }

  var refusal: RotationRefusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}

@Suite("A refresh token")
struct RotationTests {
  @Test("A refresh token that is live is consumed, and its successor carries all that was granted")
  func liveTokenRotates() async throws {
    let fixture = try await RotationFixture()
    fixture.clock.advance(milliseconds: 1234)
    let next = try #require(try await fixture.rotate(generation: 0).session)
    #expect(next.id == fixture.session.id)
    #expect(next.generation == 1)
    #expect(next.subject == "ann")
    #expect(next.client == "web")
    #expect(next.scope == "read write")
    #expect(next.narrowedScope == nil)
    #expect(next.openedAt == fixture.session.openedAt)
    #expect(next.refreshedAt == fixture.clock.now)
    #expect(next.expiresAt == fixture.clock.now.advanced(byMilliseconds: 10_000))
  }

  @Test("A refresh token that was rotated out is refused and takes its session with it")
  func reuseRevokesTheSession() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0)
    #expect(
      try await fixture.rotate(generation: 0).refusal == .reused(.race, generationsBehind: 1, revokedSession: true))
    #expect(try await fixture.rotate(generation: 1).refusal == .revoked(generationsBehind: 0))
    #expect(try await fixture.rotate(generation: 0).refusal == .revoked(generationsBehind: 1))
    #expect(fixture.ledger.revocations.contains(fixture.session.id))
  }

  @Test("A refresh token that was rotated out is only refused where the policy says refuse")
  func reuseRefusesOnly() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0)
    let again = try await fixture.rotate(generation: 0, reuse: .refuse)
    #expect(again.refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
    #expect(try await fixture.rotate(generation: 1).session?.generation == 2)
  }

  @Test("A refresh token is recognised as reused at any age, with how far behind it is")
  func reuseIsRecognisedAtAnyAge() async throws {
    let fixture = try await RotationFixture(idleMilliseconds: 1_000_000, absoluteMilliseconds: 1_000_000)
    for generation in 0..<1000 as Range<UInt32> { _ = try await fixture.rotate(generation: generation) }
    let first = try await fixture.rotate(generation: 0, grace: 300_000)
    #expect(first.refusal == .reused(.staleLineage, generationsBehind: 1000, revokedSession: true))
  }

  @Test("A refresh token expires to the millisecond", arguments: [1, 500, 999, 10_000] as [Int64])
  func expiresToTheMillisecond(idle: Int64) async throws {
    let alive = try await RotationFixture(idleMilliseconds: idle)
    alive.clock.advance(milliseconds: idle - 1)
    #expect(try await alive.rotate(generation: 0).session != nil)
    let ended = try await RotationFixture(idleMilliseconds: idle)
    ended.clock.advance(milliseconds: idle)
    let refusal = try await ended.rotate(generation: 0).refusal
    #expect(refusal == .expired(generationsBehind: 0) || refusal == .unknown)
  }

  @Test("A refresh token does not outlive the session's absolute end however often it is used")
  func absoluteEndDoesNotMove() async throws {
    let fixture = try await RotationFixture()
    for generation in 0..<3 as Range<UInt32> {
      fixture.clock.advance(milliseconds: 8_000)
      #expect(try await fixture.rotate(generation: generation).session != nil)
    }
    fixture.clock.advance(milliseconds: 1_000)
    let refusal = try await fixture.rotate(generation: 3).refusal
    #expect(refusal == .expired(generationsBehind: 0) || refusal == .unknown)
  }

  @Test("A refresh token of another client is refused, and neither consumed nor revoked")
  func wrongClientCostsNothing() async throws {
    let fixture = try await RotationFixture()
    #expect(try await fixture.rotate(generation: 0, client: "app").refusal == .wrongClient)
    _ = try await fixture.rotate(generation: 0)
    #expect(try await fixture.rotate(generation: 0, client: "app").refusal == .wrongClient)
    #expect(try await fixture.rotate(generation: 1).session?.generation == 2)
  }

  @Test(
    "A refresh token belongs to the subject and client of just these bytes, not to those of another Unicode normal form"
  )
  func namesAreBytes() async throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    #expect(composed == decomposed)
    let fixture = try await RotationFixture()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    for name in [composed, decomposed] {
      let grant = SessionGrant(subject: name, client: name, scope: "", lifetimes: lifetimes)
      let session = try await fixture.ledger.openAsBefore(grant)
      #expect(Array(session.subject.utf8) == Array(name.utf8))
      #expect(Array(session.client.utf8) == Array(name.utf8))
      let other = name.utf8.count == composed.utf8.count ? decomposed : composed
      #expect(
        try await fixture.ledger.rotate(RotationRequest(token: session.tokenID, client: other)).refusal == .wrongClient)
    }
  }

  @Test("A refresh token that was never issued is told as that")
  func unknownTokens() async throws {
    let fixture = try await RotationFixture()
    #expect(try await fixture.rotate(generation: 7).refusal == .neverIssued(generationsAhead: 7))
    let stranger = RotationRequest(
      token: TokenID(session: SessionID(high: 1, low: 1), generation: 0), client: "web")
    #expect(try await fixture.ledger.rotate(stranger).refusal == .unknown)
  }

  @Test("A refresh token presented by 64 at once is consumed by exactly one", arguments: [ReusePolicy.refuse])
  func oneOfManyPresentersWins(policy: ReusePolicy) async throws {
    let fixture = try await RotationFixture()
    let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 {
        group.addTask { try await fixture.rotate(generation: 0, reuse: policy).session != nil }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(successes == 1)
  }
}

@Suite("In the grace window")
struct GraceTests {
  @Test("In the grace window the predecessor is answered with the same successor, and nothing changes but a note of it")
  func predecessorIsReplayed() async throws {
    let fixture = try await RotationFixture()
    let first = try await fixture.rotate(generation: 0, grace: 2_000)
    fixture.clock.advance(milliseconds: 1_999)
    let again = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(again == .retried(try #require(first.session), .retry))
    let before = await fixture.ledger.statistics.sequence
    _ = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(await fixture.ledger.statistics.sequence == before + 1)
  }

  @Test("64 simultaneous presenters share one transition")
  func presentersShareOneTransition() async throws {
    let fixture = try await RotationFixture()
    let sessions = try await withThrowingTaskGroup(of: Session?.self) { group in
      for _ in 0..<64 { group.addTask { try await fixture.rotate(generation: 0, grace: 2_000).session } }
      return try await group.reduce(into: Set<Session?>()) { $0.insert($1) }
    }
    #expect(sessions.count == 1)
    #expect(sessions.first??.generation == 1)
  }

  @Test("The grace window ends to the millisecond, and then it is reuse")
  func windowEnds() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 2_000)
    fixture.clock.advance(milliseconds: 2_000)
    let late = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(late.refusal == .reused(.lateParent, generationsBehind: 1, revokedSession: true))
  }

  @Test("The use of the successor closes the grace window")
  func successorClosesIt() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 2_000)
    _ = try await fixture.rotate(generation: 1, grace: 2_000)
    let late = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(late.refusal == .reused(.staleLineage, generationsBehind: 2, revokedSession: true))
  }

  @Test("A revoked session is never served in the grace window")
  func revokedIsNeverServed() async throws {
    let fixture = try await RotationFixture()
    _ = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(try await fixture.ledger.revoke(fixture.session.id))
    #expect(try await fixture.rotate(generation: 0, grace: 2_000).refusal == .revoked(generationsBehind: 1))
  }

  @Test("Another scope than the lost reply had is not served in the grace window")
  func anotherScopeIsNotServed() async throws {
    let fixture = try await RotationFixture()
    let narrowed = try await fixture.rotate(generation: 0, grace: 2_000, scope: "read")
    #expect(narrowed.session?.narrowedScope == "read")
    let other = try await fixture.rotate(generation: 0, grace: 2_000)
    #expect(other.refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
    let same = try await fixture.rotate(generation: 0, grace: 2_000, scope: "read")
    #expect(same == .retried(try #require(narrowed.session), .race))
  }
}
