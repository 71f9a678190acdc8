import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@Suite("A one-time token", .fewAtOnce)
struct EngineOneTimeTests {
  private let clock = ManualClock()

  @Test(
    "presented by 40 tasks at once is consumed by one, with the subject and the payload it was issued with",
    arguments: TestedLedger.allCases)
  func once(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let token = try await engine.issueOneTimeToken(
      purpose: "reset", subject: "ann", payload: [0, 255, 7], lifetime: .seconds(60))
    let outcomes = try await withThrowingTaskGroup(of: OneTimeTokenOutcome.self) { group in
      for _ in 0..<40 { group.addTask { try await engine.consumeOneTimeToken(token.text, purpose: "reset") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == .consumed(subject: "ann", payload: [0, 255, 7]) } == 1)
    #expect(outcomes.count { $0 == .refused(.alreadyConsumed) } == 39)
  }

  @Test("of 1 ms is good for that millisecond, and not at its end", arguments: TestedLedger.allCases)
  func oneMillisecond(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let good = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .milliseconds(1))
    let late = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .milliseconds(1))
    #expect(good.expiresAt == clock.now.advanced(byMilliseconds: 1))
    #expect(try await engine.consumeOneTimeToken(good.text, purpose: "reset") == .consumed(subject: "ann", payload: []))
    clock.advance(milliseconds: 1)
    #expect(try await engine.consumeOneTimeToken(late.text, purpose: "reset") == .refused(.expired))
  }

  @Test("is refused for another purpose, and left as it is", arguments: TestedLedger.allCases)
  func purpose(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let token = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(60))
    #expect(try await engine.consumeOneTimeToken(token.text, purpose: "invite") == .refused(.wrongPurpose))
    #expect(
      try await engine.consumeOneTimeToken(token.text, purpose: "reset") == .consumed(subject: "ann", payload: []))
  }

  @Test("is no refresh token and no access token, and these are none of it", arguments: TestedLedger.allCases)
  func otherKinds(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: clock)
    let web = Client(id: "web", isPublic: true)
    let token = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(60))
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
    #expect(throws: BadToken.wrongType) { try engine.verify(token.text) }
    #expect(try await engine.refresh(token.text, client: web) == .refused(.badToken(.wrongType)))
    for other in [pair.refreshToken, pair.accessToken] {
      let outcome = try await engine.consumeOneTimeToken(other, purpose: "reset")
      #expect(outcome == .refused(.badToken(.wrongType)))
    }
  }

  @Test(
    "is refused with the name of what is outside its limit, and nothing is written",
    arguments: [
      ("purpose", "", 0, 60_000), ("purpose", String(repeating: "p", count: 257), 0, 60_000),
      ("purpose", "a\nb", 0, 60_000), ("payload", "reset", 1025, 60_000), ("lifetime", "reset", 0, 0),
      ("lifetime", "reset", 0, -1),
    ])
  func outsideLimits(field: String, purpose: String, payloadBytes: Int, milliseconds: Int64) async throws {
    for ledger in TestedLedger.allCases {
      let engine = try await ledger.engine(clock: clock)
      let failure = await #expect(throws: EngineError.self) {
        try await engine.issueOneTimeToken(
          purpose: purpose, subject: "ann", payload: Array(repeating: 1, count: payloadBytes),
          lifetime: .milliseconds(milliseconds))
      }
      guard case .invalid(field, _) = failure else {
        Issue.record("not \(field): \(String(describing: failure))")
        continue
      }
      #expect(await engine.statistics.sequence == 0)
    }
  }
}
