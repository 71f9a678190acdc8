import Testing
import TokenTesting

/// What docs/embedding.md shows of tests.
@Suite("An embedder's own tests")
struct EmbeddingTestingSnippet {
  // docs:testing
  @Test("a session that lies unused for 30 days is over")
  func idleSession() async throws {
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(clock: clock)
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])

    clock.advance(milliseconds: 30 * 86_400_000)

    guard case .refused(let refusal) = try await engine.refresh(pair.refreshToken, client: web) else {
      Issue.record("the token was accepted")
      return
    }
    #expect(refusal.reason == "expired")
  }
  // docs:end
}
