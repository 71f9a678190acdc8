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

  // docs:failing-ledger
  @Test("a refresh that was cut off is answered with the pair that was lost")
  func cutOff() async throws {
    let clock = ManualClock()
    let ledger = DictionaryLedger(clock: clock)
    var options = EngineOptions()
    options.grace = .seconds(30)
    let engine = try RotationEngine(ledger: ledger, options: options, clock: clock.sessionClock)
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])

    ledger.fail(.outcomeUnknown("the connection broke"), times: 1, afterEffect: true)

    let failure = await #expect(throws: EngineError.self) {
      try await engine.refresh(pair.refreshToken, client: web)
    }
    #expect(failure?.isTemporary == true)
    guard case .granted(let next) = try await engine.refresh(pair.refreshToken, client: web) else {
      Issue.record("the retry was refused")
      return
    }
    #expect(try engine.verify(next.accessToken).subject == "ann")
  }
  // docs:end
}
