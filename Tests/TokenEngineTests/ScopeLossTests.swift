import Testing
import TokenEngine
import TokenTesting

@Suite("A subject that lost a scope")
struct ScopeLossTests {
  @Test("is granted the rest at its next refresh, and may not ask for what it lost")
  func refresh() async throws {
    let fixture = try EngineFixture()
    let pair = try await fixture.logIn()
    #expect(pair.scopes == Scopes("read write"))
    fixture.subjects.set(Subject(id: "ann", scopes: ["read"]), password: "ann")
    #expect(try await fixture.refresh(pair.refreshToken, scope: "write") == .refused(.invalidScope))
    #expect(try await fixture.refresh(pair.refreshToken).pair().scopes == Scopes("read"))
  }
}
