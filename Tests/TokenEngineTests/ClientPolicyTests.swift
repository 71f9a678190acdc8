import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@Suite("A client's own policies", .fewAtOnce)
struct ClientPolicyTests {
  private let clock = ManualClock()

  private static let phone = Client(
    id: "phone", isPublic: true, grace: .seconds(30),
    lifetimes: ClientLifetimes(access: .seconds(60), idle: .seconds(3600), absolute: .seconds(7200)))
  private static let service = Client(
    id: "service", isPublic: false, rotation: .never, lifetimes: ClientLifetimes(idle: .seconds(3600)))
  private static let plain = Client(id: "plain", isPublic: true)

  @Test("lifetimes are those of its sessions alone, and the engine's are the others'", arguments: TestedLedger.allCases)
  func lifetimes(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let own = try await engine.openUncheckedSession(subject: "ann", client: Self.phone, scopes: [])
    let others = try await engine.openUncheckedSession(subject: "ann", client: Self.plain, scopes: [])
    #expect(own.expiresInSeconds == 60)
    #expect(own.refreshExpiresInSeconds == 3600)
    #expect(others.expiresInSeconds == 900)
    #expect(others.refreshExpiresInSeconds == 30 * 86_400)
    #expect(try await engine.session(own.session)?.absoluteEnd == clock.now.advanced(byMilliseconds: 7_200_000))
    clock.advance(milliseconds: 60_000)
    #expect(throws: BadToken.expired) { try engine.verify(own.accessToken) }
    #expect(try engine.verify(others.accessToken).client == "plain")
  }

  @Test("grace window answers its retries, while another client's retry is a reuse", arguments: TestedLedger.allCases)
  func grace(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    for (client, isGranted) in [(Self.phone, true), (Self.plain, false)] {
      let first = try await engine.openUncheckedSession(subject: "ann", client: client, scopes: [])
      let next = try await engine.refresh(first.refreshToken, client: client).pair()
      clock.advance(milliseconds: 5_000)
      let again = try? await engine.refresh(first.refreshToken, client: client).pair()
      #expect((again?.accessToken == next.accessToken) == isGranted)
      #expect((again?.refreshToken == next.refreshToken) == isGranted)
    }
  }

  @Test(
    "rotation `never` keeps the refresh token's text through every refresh, and moves its idle end",
    arguments: TestedLedger.allCases)
  func rotationNever(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let first = try await engine.openUncheckedSession(subject: "job", client: Self.service, scopes: [])
    var access: Set<String> = [first.accessToken]
    for _ in 0..<5 {
      clock.advance(milliseconds: 3_000_000)
      let next = try await engine.refresh(first.refreshToken, client: Self.service).pair()
      #expect(next.refreshToken == first.refreshToken)
      #expect(next.refreshExpiresInSeconds == 3600)
      access.insert(next.accessToken)
    }
    #expect(access.count == 6)
    clock.advance(milliseconds: 3_600_000)
    guard case .refused = try await engine.refresh(first.refreshToken, client: Self.service) else {
      Issue.record("an idle session was refreshed")
      return
    }
  }

  @Test(
    "that are outside their limits are refused by name when a session is opened, and nothing is written",
    arguments: [
      (ClientLifetimes(access: .zero), "lifetimes.access is outside its limit: from 1ms to 30d"),
      (ClientLifetimes(access: .seconds(31 * 86_400)), "lifetimes.access is outside its limit: from 1ms to 30d"),
      (ClientLifetimes(idle: .seconds(-1)), "lifetimes.idle is outside its limit: from 1ms to 36600d"),
      (ClientLifetimes(absolute: .zero), "lifetimes.absolute is outside its limit: from 1ms to 36600d"),
    ])
  func outsideLimits(lifetimes: ClientLifetimes, says: String) async throws {
    for ledger in TestedLedger.allCases {
      let engine = try await ledger.engine(clock: clock)
      let client = Client(id: "bad", isPublic: true, lifetimes: lifetimes)
      let failure = await #expect(throws: EngineError.self) {
        try await engine.openUncheckedSession(subject: "ann", client: client, scopes: [])
      }
      #expect(failure?.description == says)
      #expect(await engine.statistics.sequence == 0)
    }
  }

  @Test("grace above 300 s is refused by name at its refresh, and consumes nothing", arguments: TestedLedger.allCases)
  func graceTooLong(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let client = Client(id: "plain", isPublic: true, grace: .seconds(301))
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.plain, scopes: [])
    let failure = await #expect(throws: EngineError.self) {
      try await engine.refresh(pair.refreshToken, client: client)
    }
    #expect(failure?.description == "grace is outside its limit: from 0s to 300s")
    #expect(try await engine.refresh(pair.refreshToken, client: Self.plain).pair().session == pair.session)
  }

  @Test(
    "A client that was added after a session was opened under its id is not given it: the refresh is refused, and the session ends",
    arguments: TestedLedger.allCases)
  func addedAgain(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    fixture.clock.advance(milliseconds: 1)
    var client = EngineFixture.client
    client.version = AccountVersion("2")
    let outcome = try await fixture.engine.refresh(pair.refreshToken, client: client, scope: nil)
    #expect(outcome == .refused(.revoked(generationsBehind: 0)))
    #expect(try await fixture.engine.session(pair.session) == nil)
  }
}
