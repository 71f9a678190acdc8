import Testing
import TokenEngine
import TokenTesting

@Suite("A subject that lost a scope", .fewAtOnce)
struct ScopeLossTests {
  static let named: [(String?, String?)] = [
    ("read write", "read"), ("write read", "read"), ("read", "read"), (nil, "read"), ("", "read"), ("write", nil),
    ("admin", nil), ("read admin", nil), ("read  write", nil),
  ]

  @Test(
    "is granted the rest of what it names at a refresh, nothing where none is left, and never more than it once had",
    arguments: named)
  func names(scope: String?, granted: String?) async throws {
    let fixture = try await EngineFixture()
    let pair = try await fixture.logIn()
    fixture.subjects.set(Subject(id: "ann", scopes: try #require(Scopes("read admin"))), password: "ann")
    let outcome = try await fixture.engine.refresh(pair.refreshToken, client: EngineFixture.client, scope: scope)
    guard let granted else {
      #expect(outcome == .refused(.invalidScope))
      return
    }
    let next = try outcome.pair()
    #expect(next.scopes == Scopes(granted))
    #expect(try fixture.engine.verify(next.accessToken).scopes == Scopes(granted))
    // The session keeps what was granted: what comes back is there again.
    fixture.subjects.set(Subject(id: "ann", scopes: try #require(Scopes("read write"))), password: "ann")
    #expect(try await fixture.refresh(next.refreshToken).pair().scopes == Scopes("read write"))
  }

  @Test("is granted the rest at its next refresh, and may not ask for what it lost", arguments: TestedLedger.allCases)
  func refresh(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let pair = try await fixture.logIn()
    #expect(pair.scopes == Scopes("read write"))
    fixture.subjects.set(Subject(id: "ann", scopes: ["read"]), password: "ann")
    #expect(try await fixture.refresh(pair.refreshToken, scope: "write") == .refused(.invalidScope))
    #expect(try await fixture.refresh(pair.refreshToken).pair().scopes == Scopes("read"))
  }
}
