import LedgerTesting
import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

@Suite("A client that asks for a token of its own", .fewAtOnce)
struct ClientCredentialsTests {
  private static let robot = Client(
    id: "robot", isPublic: false, scopes: Scopes("read write"), grants: [.clientCredentials])

  private func token(
    _ fixture: EngineFixture, _ client: Client = robot, scope: String? = nil
  ) async throws -> ClientToken {
    switch try await fixture.engine.clientToken(for: client, scope: scope) {
    case .granted(let token): token
    case .refused(let refusal): throw GrantOutcome.Refused(refusal: refusal)
    }
  }

  @Test(
    "gets an access token whose subject is the client, with all scopes that the client may have, and no session is opened",
    arguments: TestedLedger.allCases)
  func grantsAToken(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let token = try await token(fixture)
    let access = try fixture.engine.verify(token.accessToken)
    #expect(access.subject == "robot")
    #expect(access.client == "robot")
    #expect(access.scopes == Scopes("read write"))
    #expect(access.tokenID == token.tokenID)
    #expect(token.expiresInSeconds == 900)
    #expect(await fixture.engine.statistics.liveSessions == 0)
    #expect(fixture.observer.events.last == .clientGranted(token.tokenID, client: "robot"))
  }

  @Test("gets the scope that it asks for, and none that it may not have", arguments: TestedLedger.allCases)
  func narrowsTheScope(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    #expect(try await token(fixture, scope: "read").scopes == Scopes("read"))
    #expect(try await fixture.engine.clientToken(for: Self.robot, scope: "admin") == .refused(.invalidScope))
    var unbounded = Self.robot
    unbounded.scopes = nil
    #expect(try await token(fixture, unbounded).scopes == Scopes.empty)
    #expect(try await fixture.engine.clientToken(for: unbounded, scope: "read") == .refused(.invalidScope))
  }

  @Test("is refused without that grant type, and where it is public", arguments: TestedLedger.allCases)
  func needsTheGrant(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    var client = Self.robot
    client.grants = [.password, .refreshToken]
    #expect(try await fixture.engine.clientToken(for: client) == .refused(.unauthorizedClient))
    client = Self.robot
    client.isPublic = true
    #expect(try await fixture.engine.clientToken(for: client) == .refused(.unauthorizedClient))
  }

  @Test("is refused where a subject has the same id", arguments: TestedLedger.allCases)
  func isNoSubject(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    fixture.subjects.set(Subject(id: "robot", isEnabled: false, scopes: []), password: "robot")
    #expect(try await fixture.engine.clientToken(for: Self.robot) == .refused(.clientNamedAsSubject))
  }

  @Test("has a token that lives as long as its client's access tokens", arguments: TestedLedger.allCases)
  func livesItsLifetime(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    var client = Self.robot
    client.lifetimes.access = .seconds(5)
    let token = try await token(fixture, client)
    #expect(token.expiresInSeconds == 5)
    fixture.clock.advance(milliseconds: 4_999)
    _ = try fixture.engine.verify(token.accessToken)
    fixture.clock.advance(milliseconds: 1)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(token.accessToken) }
  }

  @Test(
    "can revoke it, whether or not it asks to end a session with it", arguments: TestedLedger.allCases, [false, true])
  func revokes(on ledger: TestedLedger, endsSession: Bool) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let (token, other) = (try await token(fixture), try await token(fixture))
    let outcome = try await fixture.engine.revoke(
      token: token.accessToken, client: Self.robot, endsSession: endsSession)
    #expect(outcome == .access(token.tokenID))
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(token.accessToken) }
    _ = try fixture.engine.verify(other.accessToken)
  }

  @Test("loses it when the client's sessions are revoked", arguments: TestedLedger.allCases)
  func endsWithTheClient(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let token = try await token(fixture)
    fixture.clock.advance(milliseconds: 1000)
    try await fixture.engine.revokeSessions(of: .client("robot"))
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(token.accessToken) }
  }

  @Test("gets a good one right after that, in the same millisecond too", arguments: TestedLedger.allCases)
  func afterARevocation(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let before = try await token(fixture)
    try await fixture.engine.revokeSessions(of: .client("robot"))
    let after = try await token(fixture)
    _ = try fixture.engine.verify(after.accessToken)
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(before.accessToken) }
    try await fixture.engine.revokeSessions(of: .subject("robot"))
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(after.accessToken) }
  }
}
