import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("A session whose token is never rotated")
struct RotationPolicyTests {
  private func use(_ fixture: CrowdFixture, _ session: Session, generation: UInt32 = 0) async throws -> Rotation {
    let token = TokenID(session: session.id, generation: generation)
    return try await fixture.ledger.rotate(RotationRequest(token: token, client: "web"))
  }

  @Test(
    "A token that is never rotated works again and again, and each refresh has an access token of its own"
  )
  func usesAgain() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.ledger.open(CrowdFixture.grant("ann", "web", rotation: .never))
    for use in 1...3 as ClosedRange<UInt32> {
      guard case .refreshed(let used) = try await self.use(fixture, session) else {
        Issue.record("use \(use)")
        return
      }
      #expect(used.refreshTokenID == session.refreshTokenID)
      #expect(used.tokenID.generation == use)
    }
  }

  @Test("A session whose token is never rotated moves its idle end with each use, and never its absolute end")
  func idleEndMoves() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.ledger.open(CrowdFixture.grant("ann", "web", rotation: .never, idle: 300_000))
    for _ in 0..<3 {
      fixture.clock.advance(milliseconds: 299_999)
      #expect(try await use(fixture, session).session?.absoluteEnd == session.absoluteEnd)
    }
    fixture.clock.advance(milliseconds: 100_003)
    let refusal = try await use(fixture, session).refusal
    #expect(refusal == .expired(generationsBehind: 0) || refusal == .unknown)
  }

  @Test("A session whose token is never rotated refuses a generation that was never issued, and is revoked with it")
  func otherGenerations() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.ledger.open(CrowdFixture.grant("ann", "web", rotation: .never))
    _ = try await use(fixture, session)
    #expect(try await use(fixture, session, generation: 1).refusal == .neverIssued(generationsAhead: 1))
    #expect(try await use(fixture, session).refusal == .revoked(generationsBehind: 0))
  }

  @Test(
    "A session without rotation takes it on at its next refresh where it is told to, and its old token is then reuse"
  )
  func takesOnRotation() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.ledger.open(CrowdFixture.grant("ann", "web", rotation: .never))
    let request = RotationRequest(
      token: session.refreshTokenID, client: "web", terms: try CrowdFixture.grant("ann", "web").terms)
    guard case .rotated(let rotated) = try await fixture.ledger.rotate(request) else {
      Issue.record("not rotated")
      return
    }
    #expect(rotated.refreshTokenID.generation == 1)
    #expect(
      try await use(fixture, session).refusal
        == .reused(.race, generationsBehind: 1, revokedSession: true))
  }
}

@Suite("The terms of a session")
struct SessionTermsTests {
  private func terms(idle: Int64, absolute: Int64) throws -> SessionTerms {
    SessionTerms(lifetimes: try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute)))
  }

  @Test("The terms of a session stay those of its opening unless a refresh brings others")
  func stay() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let request = RotationRequest(token: session.tokenID, client: "web")
    let next = try #require(try await fixture.ledger.rotate(request).session)
    #expect(next.absoluteEnd == session.absoluteEnd)
    #expect(next.idleEnd == session.idleEnd)
  }

  @Test(
    "The terms of a session are lengthened or shortened by a refresh that brings others",
    arguments: [5_000, 5_000_000] as [Int64])
  func follow(absolute: Int64) async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 1_000)
    let request = RotationRequest(
      token: session.tokenID, client: "web", terms: try terms(idle: 2_000, absolute: absolute))
    let next = try #require(try await fixture.ledger.rotate(request).session)
    #expect(next.absoluteEnd == session.openedAt.advanced(byMilliseconds: absolute))
    #expect(next.idleEnd == next.refreshedAt.advanced(byMilliseconds: 2_000))
    #expect(await fixture.ledger.state.profiles.count == 1)
  }

  @Test("Terms that a session has outlived refuse it")
  func outlived() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 1_000)
    let request = RotationRequest(
      token: session.tokenID, client: "web", terms: try terms(idle: 1_000, absolute: 1_000_000))
    #expect(try await fixture.ledger.rotate(request).refusal == .expired(generationsBehind: 0))
  }

  @Test("The terms of a session do not revive a session that has expired by its own")
  func noRevival() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 100_000)
    let request = RotationRequest(
      token: session.tokenID, client: "web", terms: try terms(idle: 900_000, absolute: 1_000_000))
    let refusal = try await fixture.ledger.rotate(request).refusal
    #expect(refusal == .expired(generationsBehind: 0) || refusal == .unknown)
  }
}

@Suite("A refresh that calls for a session not older than a moment")
struct NotBeforeTests {
  @Test(
    "A refresh that asks for a session from a moment on revokes an older one, and rotates one opened at that moment"
  )
  func notBefore() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    var request = RotationRequest(token: session.tokenID, client: "web", notBefore: session.openedAt)
    #expect(try await fixture.ledger.rotate(request).session?.generation == 1)
    request.token = TokenID(session: session.id, generation: 1)
    request.notBefore = session.openedAt.advanced(byMilliseconds: 1)
    #expect(
      try await fixture.ledger.rotate(request).refusal == .outdated(generationsBehind: 0, revokedSession: true))
    #expect(fixture.ledger.revocations.contains(session.id))
  }
}

@Suite("A subject that has as many sessions as it may")
struct SessionCapTests {
  @Test(
    "A subject with as many sessions as it may have loses the least recently used one when it opens another"
  )
  func evictsTheLeastRecentlyUsed() async throws {
    let fixture = CrowdFixture(sessionsPerSubjectMax: 3)
    var sessions: [Session] = []
    for _ in 0..<3 {
      sessions.append(try await fixture.open("ann", "web"))
      fixture.clock.advance(milliseconds: 10)
    }
    let other = try await fixture.open("bob", "web")
    #expect(try await fixture.accepts(sessions[0]).refresh)
    _ = try await fixture.open("ann", "app")
    #expect(try await fixture.accepts(sessions[1]) == (false, false))
    for session in [sessions[2], other] { #expect(try await fixture.accepts(session) == (true, true)) }
    #expect(await fixture.ledger.sessionCount(of: .subject("ann")) == 3)
  }

  @Test("A subject that has as many sessions as it may does not lose one for sessions that have ended")
  func countsWhatIsLive() async throws {
    let fixture = CrowdFixture(sessionsPerSubjectMax: 2)
    let old = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 99_900)
    let kept = try await fixture.open("ann", "web")
    fixture.clock.advance(milliseconds: 100)
    _ = try await fixture.open("ann", "web")
    #expect(try await fixture.ledger.session(old.id) == nil)
    #expect(try await fixture.accepts(kept).refresh)
  }
}
