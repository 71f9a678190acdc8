import LedgerTesting
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

@Suite("Borders of refreshing and verifying")
struct ReviewTests {
  @Test("A clock that is set back over a restart revives no access token that the log knows to have ended")
  func clockSetBackOverARestart() async throws {
    let folder = EngineFolder()
    let clock = ManualClock()
    let client = Client(id: "web", isPublic: true)
    let first = try await RotationEngine.open(folder: folder.path, clock: clock.sessionClock)
    let pair = try await first.openUncheckedSession(subject: "ann", client: client, scopes: [])
    clock.advance(milliseconds: 20 * 60_000)
    _ = try await first.openUncheckedSession(subject: "bob", client: client, scopes: [])
    try await first.close()
    clock.step(milliseconds: -19 * 60_000)
    let second = try await RotationEngine.open(folder: folder.path, clock: clock.sessionClock)
    #expect(throws: BadToken.expired) { _ = try second.verify(pair.accessToken) }
    try await second.close()
  }

  @Test(
    "A refresh for a client with an access lifetime outside its limits is refused with the field, and consumes nothing",
    arguments: [Duration.zero, .seconds(31 * 86_400), .seconds(Int64.max)])
  func accessLifetimeOutsideItsLimits(lifetime: Duration) async throws {
    let fixture = try EngineFixture()
    let pair = try await fixture.logIn()
    var client = EngineFixture.client
    client.lifetimes.access = lifetime
    await #expect(throws: EngineFailure.self) {
      _ = try await fixture.engine.refresh(pair.refreshToken, client: client)
    }
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("An access token with the most claims of one's own is accepted, and one byte more is refused with the field")
  func mostClaims() async throws {
    let members = (0..<25).map { "\"claim\($0)\":\"\(String(repeating: "x", count: 20))\"" }.joined(separator: ",")
    let fixture = try EngineFixture { options in
      options.algorithm = .rs256
      options.issuer = "https://" + String(repeating: "i", count: 248)
      options.audience = String(repeating: "a", count: 256)
      options.customClaims = { _ in try CustomClaims(json: "{\(members)}") }
    }
    let scopes = try #require(Scopes(String(repeating: "s", count: 1024)))
    let client = Client(id: "c", isPublic: true)
    let subject = String(repeating: "s", count: 1900 - 1024 - 1 - members.utf8.count)
    let pair = try await fixture.engine.openUncheckedSession(subject: subject, client: client, scopes: scopes)
    _ = try fixture.engine.verify(pair.accessToken)
    await #expect(throws: EngineFailure.self) {
      _ = try await fixture.engine.openUncheckedSession(subject: subject + "s", client: client, scopes: scopes)
    }
  }

  @Test("A login that a change of its subject overtakes opens nothing", arguments: [true, false])
  func overtakenLogin(isGone: Bool) async throws {
    let subjects = SubjectTable()
    let clock = ManualClock()
    subjects.set(Subject(id: "ann", scopes: []), password: "ann")
    let ledger = RefreshLedger.inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 3))
    var options = EngineOptions()
    options.customClaims = { _ in
      // Whoever follows the store has ended all sessions by the time that this one is opened.
      if isGone {
        subjects.remove("ann")
      } else {
        subjects.set(Subject(id: "ann", scopes: [], version: AccountVersion("2")), password: "other")
      }
      try await ledger.revoke(SessionScope.subject("ann"))
      return .empty
    }
    let engine = try RotationEngine(
      options: options, keys: TokenKeys.generate(), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock.sessionClock, observer: RecordingObserver())
    let outcome = try await engine.logIn(name: "ann", password: "ann", client: EngineFixture.client)
    #expect(outcome == .refused(isGone ? .subjectGone : .badCredentials))
    #expect(try await engine.sessions(of: .all).sessions.isEmpty)
  }
}
