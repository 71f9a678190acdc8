import LedgerTesting
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

@Suite("A refresh", .fewAtOnce)
struct RefreshTests {
  @Test(
    "returns a new pair whose access token is accepted and names subject, client, scopes and session",
    arguments: TestedLedger.allCases)
  func returnsANewPair(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let first = try await fixture.logIn()
    fixture.clock.advance(milliseconds: 1000)
    let second = try await fixture.refresh(first.refreshToken).pair()
    #expect(second.refreshToken != first.refreshToken)
    #expect(second.accessToken != first.accessToken)
    #expect(second.session == first.session)
    #expect(second.expiresInSeconds == 900)
    #expect(second.refreshExpiresInSeconds == 30 * 86_400)
    let access = try fixture.engine.verify(second.accessToken)
    #expect(access.subject == "ann")
    #expect(access.client == "web")
    #expect(access.scopes == Scopes("read write"))
    #expect(access.tokenID == TokenID(session: first.session, generation: 1))
    #expect(access.issuedAt == fixture.clock.now.seconds)
    #expect(access.expiresAt == fixture.clock.now.seconds + 900)
  }

  @Test(
    "of a used token is refused as reused, and revokes the session and its access tokens at once",
    arguments: TestedLedger.allCases)
  func usedTokenRevokes(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let first = try await fixture.logIn()
    let second = try await fixture.refresh(first.refreshToken).pair()
    let reused = GrantRefusal.reused(.race, generationsBehind: 1, revokedSession: true)
    #expect(try await fixture.refresh(first.refreshToken) == .refused(reused))
    #expect(try await fixture.refresh(second.refreshToken) == .refused(.revoked(generationsBehind: 0)))
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(second.accessToken) }
    #expect(throws: BadToken.revoked) { try fixture.engine.verify(first.accessToken) }
  }

  @Test(
    "with an access token is refused as of the wrong type, and costs the session nothing",
    arguments: TestedLedger.allCases)
  func wrongType(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    #expect(try await fixture.refresh(pair.accessToken) == .refused(.badToken(.wrongType)))
    #expect(throws: BadToken.wrongType) { try fixture.engine.verify(pair.refreshToken) }
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test(
    "with a token of another issuer is refused, and the token stays good where it belongs",
    arguments: TestedLedger.allCases)
  func wrongIssuer(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    let other = try fixture.sibling { $0.issuer = "https://elsewhere.example" }
    let outcome = try await other.refresh(pair.refreshToken, client: EngineFixture.client)
    #expect(outcome == .refused(.badToken(.wrongIssuer)))
    #expect(throws: BadToken.wrongIssuer) { try other.verify(pair.accessToken) }
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("with a token signed by another key is refused", arguments: TestedLedger.allCases)
  func otherKey(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let stranger = try await EngineFixture(on: ledger)
    let pair = try await stranger.logIn()
    #expect(try await fixture.refresh(pair.refreshToken) == .refused(.badToken(.unknownKey)))
  }

  @Test("with any byte of the token changed is refused, and the token stays good", arguments: TestedLedger.allCases)
  func changedByte(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    let bytes = Array(pair.refreshToken.utf8)
    for position in bytes.indices {
      var changed = bytes
      changed[position] = changed[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      let outcome = try await fixture.refresh(String(decoding: changed, as: UTF8.self))
      guard case .refused(.badToken) = outcome else {
        Issue.record("byte \(position) changed, and the outcome is \(outcome)")
        continue
      }
    }
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("after the subject is gone is refused before the token is consumed", arguments: TestedLedger.allCases)
  func subjectGone(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    fixture.subjects.remove("ann")
    #expect(try await fixture.refresh(pair.refreshToken) == .refused(.subjectGone))
    fixture.subjects.set(Subject(id: "ann", scopes: ["read", "write"]), password: "ann")
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("while the subject is disabled is refused before the token is consumed", arguments: TestedLedger.allCases)
  func subjectDisabled(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    fixture.subjects.setEnabled("ann", false)
    #expect(try await fixture.refresh(pair.refreshToken) == .refused(.subjectDisabled))
    fixture.subjects.setEnabled("ann", true)
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("by another client is refused, and neither consumes nor revokes", arguments: TestedLedger.allCases)
  func wrongClient(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    let other = try await fixture.engine.refresh(pair.refreshToken, client: Client(id: "app", isPublic: true))
    #expect(other == .refused(.wrongClient))
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("by a client without the grant is refused, and does not consume", arguments: TestedLedger.allCases)
  func unauthorizedClient(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    let limited = Client(id: "web", isPublic: true, grants: [.password])
    #expect(try await fixture.engine.refresh(pair.refreshToken, client: limited) == .refused(.unauthorizedClient))
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test(
    "narrows the access token to the scope asked for, and the session keeps what was granted",
    arguments: TestedLedger.allCases)
  func narrowsTheScope(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let first = try await fixture.logIn()
    let narrowed = try await fixture.refresh(first.refreshToken, scope: "read").pair()
    #expect(narrowed.scopes == Scopes("read"))
    #expect(try fixture.engine.verify(narrowed.accessToken).scopes == Scopes("read"))
    let whole = try await fixture.refresh(narrowed.refreshToken).pair()
    #expect(try fixture.engine.verify(whole.accessToken).scopes == Scopes("read write"))
  }

  @Test(
    "that asks for more than was granted is refused, and does not consume", arguments: TestedLedger.allCases,
    ["admin", "read  write", "\""])
  func tooMuchScope(on ledger: TestedLedger, scope: String) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    #expect(try await fixture.refresh(pair.refreshToken, scope: scope) == .refused(.invalidScope))
    _ = try await fixture.refresh(pair.refreshToken).pair()
  }

  @Test("by 64 callers at once with one token succeeds once", arguments: TestedLedger.allCases)
  func oneOf64Succeeds(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger) { $0.reuse = .refuse }
    let pair = try await fixture.logIn()
    let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 {
        group.addTask { if case .granted = try await fixture.refresh(pair.refreshToken) { true } else { false } }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(granted == 1)
  }

  @Test(
    "repeated inside the grace window is answered with the identical pair, byte for byte",
    arguments: TestedLedger.allCases)
  func graceAnswersTheIdenticalPair(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger) { $0.grace = .seconds(10) }
    let first = try await fixture.logIn()
    let second = try await fixture.refresh(first.refreshToken).pair()
    fixture.clock.advance(milliseconds: 9_999)
    let again = try await fixture.refresh(first.refreshToken).pair()
    #expect(again.accessToken == second.accessToken)
    #expect(again.refreshToken == second.refreshToken)
  }

  @Test(
    "repeated inside the grace window after the access token's end mints a fresh one beside the same refresh token",
    arguments: TestedLedger.allCases)
  func graceRenewsAnExpiredAccessToken(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger) {
      $0.grace = .seconds(10)
      $0.accessLifetime = .seconds(2)
    }
    let first = try await fixture.logIn()
    let second = try await fixture.refresh(first.refreshToken).pair()
    fixture.clock.advance(milliseconds: 5_000)
    let again = try await fixture.refresh(first.refreshToken).pair()
    #expect(again.refreshToken == second.refreshToken)
    #expect(throws: BadToken.expired) { try fixture.engine.verify(second.accessToken) }
    #expect(try fixture.engine.verify(again.accessToken).subject == "ann")
  }

  @Test(
    "tells the observer why it was refused, with the presented token's id where its signature was good",
    arguments: TestedLedger.allCases)
  func observerIsToldTheReason(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let first = try await fixture.logIn()
    _ = try await fixture.refresh(first.refreshToken)
    _ = try await fixture.refresh(first.refreshToken)
    let presented = TokenID(session: first.session, generation: 0)
    let successor = TokenID(session: first.session, generation: 1)
    #expect(
      fixture.observer.events == [
        .opened(presented, subject: "ann", client: "web"),
        .rotated(successor, subject: "ann", client: "web"),
        .refused(.reused(.race, generationsBehind: 1, revokedSession: true), token: presented, client: "web"),
      ])
  }
}
