import LedgerTesting
import Testing
import TokenLedger
import TokenSigning

@testable import TokenEngine

@Suite("Sessions of another system", .fewAtOnce)
struct SessionImportTests {
  private func session(_ origin: String, left: Int64? = nil) -> ForeignSession {
    ForeignSession(
      id: SessionID(digestOf: Array(origin.utf8)), subject: "ann", client: EngineFixture.client,
      scopes: ["read"], label: "phone", millisecondsLeft: left)
  }

  private func token(_ outcome: ImportOutcome) throws -> String {
    switch outcome {
    case .opened(let token, _), .present(let token, _): return token
    case .gone: throw GrantOutcome.Refused(refusal: .unknown)
    }
  }

  @Test(
    "go on with a refresh token of ours that rotates once, and an import that is made again answers the same token",
    arguments: TestedLedger.allCases)
  func imported(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger)
    let first = try await fixture.engine.importSessions([session("a"), session("b")])
    #expect(first.allSatisfy { if case .opened = $0 { true } else { false } })
    fixture.clock.advance(milliseconds: 5000)
    let again = try await fixture.engine.importSessions([session("a"), session("b")])
    #expect(try again.map(token) == first.map(token))
    #expect(again.allSatisfy { if case .present = $0 { true } else { false } })
    let pair = try await fixture.refresh(try token(first[0])).pair()
    #expect(pair.scopes == Scopes("read"))
    let after = try await fixture.engine.importSessions([session("a"), session("b")])
    guard case .gone = after[0], case .present = after[1] else {
      Issue.record("\(after)")
      return
    }
    guard case .refused = try await fixture.refresh(try token(first[0])) else {
      Issue.record("a used token was granted")
      return
    }
  }

  @Test(
    "live no longer than they had left, whatever their client's lifetimes, and never longer than those",
    arguments: TestedLedger.allCases)
  func lifetimes(on ledger: TestedLedger) async throws {
    let fixture = try await EngineFixture(on: ledger) { $0.absoluteLifetime = .seconds(1000) }
    let outcomes = try await fixture.engine.importSessions([session("a", left: 60_000), session("b", left: .max)])
    fixture.clock.advance(milliseconds: 60_000)
    guard case .refused = try await fixture.refresh(try token(outcomes[0])) else {
      Issue.record("it lived for longer")
      return
    }
    _ = try await fixture.refresh(try token(outcomes[1])).pair()
    fixture.clock.advance(milliseconds: 940_000)
    #expect(try await fixture.engine.sessions(of: .all).sessions.isEmpty)
  }

  @Test("have ids that follow from their origin alone and whose text no command line takes for an option")
  func ids() {
    #expect(SessionID(digestOf: Array("a".utf8)) == SessionID(digestOf: Array("a".utf8)))
    let texts = (0..<2000).map { SessionID(digestOf: Array("\($0)".utf8)).text }
    #expect(Set(texts).count == 2000 && texts.allSatisfy { !$0.hasPrefix("-") })
  }
}
