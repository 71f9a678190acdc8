import LedgerTesting
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

@Suite("Lifetimes", .fewAtOnce)
struct LifetimeTests {
  @Test(
    "an access token is refused from the moment of its end", arguments: TestedLedger.allCases,
    [1, 250, 500, 999, 1000, 1500] as [Int64])
  func accessTokenEnds(on ledger: TestedLedger, milliseconds: Int64) async throws {
    let fixture = try await EngineFixture(on: ledger) { $0.accessLifetime = .milliseconds(milliseconds) }
    let pair = try await fixture.logIn()
    fixture.clock.advance(milliseconds: milliseconds - 1)
    #expect(try fixture.engine.verify(pair.accessToken).subject == "ann")
    fixture.clock.advance(milliseconds: 1)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(pair.accessToken) }
  }

  @Test(
    "a lifetime under one second works at any place in the second", arguments: TestedLedger.allCases,
    [0, 1, 400, 999] as [Int64])
  func subSecondAnywhere(on ledger: TestedLedger, start: Int64) async throws {
    let fixture = try await EngineFixture(on: ledger) {
      $0.accessLifetime = .milliseconds(300)
      $0.idleLifetime = .milliseconds(700)
    }
    fixture.clock.advance(milliseconds: start)
    let pair = try await fixture.logIn()
    #expect(pair.expiresInSeconds == 1)
    #expect(pair.refreshExpiresInSeconds == 1)
    fixture.clock.advance(milliseconds: 299)
    _ = try fixture.engine.verify(pair.accessToken)
    fixture.clock.advance(milliseconds: 1)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(pair.accessToken) }
    fixture.clock.advance(milliseconds: 399)
    let next = try await fixture.refresh(pair.refreshToken).pair()
    fixture.clock.advance(milliseconds: 700)
    let refused = try await fixture.refresh(next.refreshToken)
    #expect(refused == .refused(.expired(generationsBehind: 0)) || refused == .refused(.unknown))
  }

  @Test("an expired refresh token is refused as expired by its own claim too", arguments: TestedLedger.allCases)
  func refreshTokenExpires(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger) { $0.idleLifetime = .seconds(60) }
    let pair = try await fixture.logIn()
    fixture.clock.advance(milliseconds: 60_000)
    #expect(try await fixture.refresh(pair.refreshToken) == .refused(.expired(generationsBehind: nil)))
  }

  @Test(
    "an access token that was seen to have ended stays refused when the clock is set back",
    arguments: TestedLedger.allCases)
  func clockSetBack(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    fixture.clock.advance(milliseconds: 900_000)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(pair.accessToken) }
    fixture.clock.step(milliseconds: -600_000)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(pair.accessToken) }
  }

  @Test("a lifetime that is not positive is refused with its name and limit", arguments: [Duration.zero, .seconds(-1)])
  func notPositive(lifetime: Duration) {
    for path in [\EngineOptions.accessLifetime, \.idleLifetime, \.absoluteLifetime] {
      var options = EngineOptions()
      options[keyPath: path] = lifetime
      let failure = #expect(throws: EngineError.self) { try options.validate() }
      #expect(failure?.description.contains("from 1ms") == true)
    }
  }

  @Test("a grace window above 300 seconds is refused")
  func graceTooLong() {
    var options = EngineOptions()
    options.grace = .seconds(301)
    let failure = #expect(throws: EngineError.self) { try options.validate() }
    #expect(failure?.description == "grace is outside its limit: from 0s to 300s")
  }

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
    arguments: TestedLedger.allCases, [Duration.zero, .seconds(31 * 86_400), .seconds(Int64.max)])
  func accessLifetimeOutsideItsLimits(on ledger: TestedLedger, lifetime: Duration) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    var client = EngineFixture.client
    client.lifetimes.access = lifetime
    await #expect(throws: EngineError.self) {
      _ = try await fixture.engine.refresh(pair.refreshToken, client: client)
    }
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }
}

@Suite("A log-in", .fewAtOnce)
struct LogInTests {
  @Test("grants what subject and client may have where no scope is asked for", arguments: TestedLedger.allCases)
  func defaultScope(on ledger: TestedLedger) async throws {
    #expect(try await EngineFixture(on: ledger).logIn().scopes == Scopes("read write"))
  }

  @Test(
    "with a scope outside what the client may have is refused, and opens no session", arguments: TestedLedger.allCases)
  func tooMuchScope(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let outcome = try await fixture.engine.logIn(
      name: "ann", password: "ann", client: EngineFixture.client, scope: "admin")
    #expect(outcome == .refused(.invalidScope))
    #expect(await fixture.engine.statistics.entries == 0)
  }

  @Test("with a wrong password is refused", arguments: TestedLedger.allCases, ["ann", "bob"])
  func badCredentials(on ledger: TestedLedger, name: String) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let outcome = try await fixture.engine.logIn(name: name, password: "no", client: EngineFixture.client)
    #expect(outcome == .refused(.badCredentials))
  }

  @Test("of a disabled subject is refused as disabled", arguments: TestedLedger.allCases)
  func disabled(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    fixture.subjects.setEnabled("ann", false)
    let outcome = try await fixture.engine.logIn(name: "ann", password: "ann", client: EngineFixture.client)
    #expect(outcome == .refused(.subjectDisabled))
  }

  @Test(
    "of a subject whose name no token can carry is a failure that names the field", arguments: TestedLedger.allCases,
    ["", "a\nb"])
  func unusableSubject(on ledger: TestedLedger, subject: String) async throws {
    let fixture = try await EngineFixture(on: ledger)
    await #expect(throws: EngineError.self) {
      try await fixture.engine.openUncheckedSession(subject: subject, client: EngineFixture.client, scopes: [])
    }
    #expect(await fixture.engine.statistics.entries == 0)
  }

  @Test(
    "A session of an older log, which knows no versions, goes on where it is not older than its subject's sessions may be",
    arguments: [(0, true), (1, false)] as [(Int64, Bool)])
  func olderSession(by milliseconds: Int64, goesOn: Bool) async throws {
    let fixture = try await EngineFixture()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    let session = try await fixture.ledger.open(
      SessionGrant(subject: "ann", client: "web", scope: "read", lifetimes: lifetimes), deadline: nil
    ) { session, _ in session }
    let moment = session.openedAt.advanced(byMilliseconds: milliseconds)
    fixture.subjects.set(Subject(id: "ann", scopes: ["read"], sessionsNotBefore: moment), password: "ann")
    let token = fixture.engine.refreshing.minting.refreshToken(of: session)
    let outcome = try await fixture.refresh(token)
    if goesOn { _ = try outcome.pair() } else { #expect(outcome == .refused(.revoked(generationsBehind: 0))) }
  }

  @Test(
    "A login that a change of its subject overtakes opens nothing", arguments: TestedLedger.allCases, [true, false])
  func overtakenLogin(on tested: TestedLedger, isGone: Bool) async throws {
    let subjects = SubjectTable()
    let clock = ManualClock()
    subjects.set(Subject(id: "ann", scopes: []), password: "ann")
    let ledger = try await tested.make(clock: clock)
    var options = EngineOptions()
    options.customClaims = { _ in
      // Whoever follows the store has ended all sessions by the time that this one is opened.
      if isGone {
        subjects.remove("ann")
      } else {
        subjects.set(Subject(id: "ann", scopes: [], version: AccountVersion("2")), password: "other")
      }
      _ = try await ledger.revoke(SessionScope.subject("ann"))
      return .empty
    }
    let engine = RotationEngine(
      options: options, keys: KeyRing(TokenKeys.generate()), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock.sessionClock, observer: RecordingObserver())
    let outcome = try await engine.logIn(name: "ann", password: "ann", client: EngineFixture.client)
    #expect(outcome == .refused(isGone ? .subjectGone : .badCredentials))
    #expect(try await engine.sessions(of: .all).sessions.isEmpty)
  }
}
