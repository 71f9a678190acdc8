import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("An import of sessions")
struct SessionImportTests {
  private func item(_ number: UInt64, _ subject: String = "ann", idle: Int64 = 100_000) throws -> SessionImport {
    SessionImport(id: SessionID(high: number, low: 7), grant: try CrowdFixture.grant(subject, "web", idle: idle))
  }

  @Test(
    "An import opens sessions whose ids are not there, under these ids, and says of the others what they are now"
  )
  func again() async throws {
    let fixture = CrowdFixture()
    let first = try await fixture.ledger.stageImport([item(1), item(2), item(3)])
    #expect(first.outcome.map(\.openedID) == [1, 2, 3])
    _ = try await fixture.ledger.revoke(SessionID(high: 2, low: 7))
    let second = try await fixture.ledger.stageImport([item(1), item(2), item(4), item(4)])
    guard case .present(let live?) = second.outcome[0], case .present(let ended) = second.outcome[1],
      case .present(let twin?) = second.outcome[3]
    else {
      Issue.record("\(second.outcome)")
      return
    }
    #expect(live.id.high == 1 && live.generation == 0 && ended == nil)
    #expect(second.outcome[2].openedID == 4 && twin.id.high == 4)
    #expect(await fixture.ledger.sessionCount(of: .subject("ann")) == 3)
  }

  @Test("An import of sessions opens none where one is outside its limits or there are too many")
  func limits() async throws {
    let fixture = CrowdFixture()
    var bad = try item(2)
    bad.grant.label = ""
    await #expect(throws: LedgerError.self) { try await fixture.ledger.stageImport([item(1), bad]) }
    let many = try (0...UInt64(Limits.batch.range.upperBound)).map { try item($0) }
    await #expect(throws: LedgerError.self) { try await fixture.ledger.stageImport(many) }
    #expect(await fixture.ledger.sessionCount(of: .all) == 0)
  }
}

extension SessionImportOutcome {
  fileprivate var openedID: UInt64? {
    if case .opened(let session) = self { session.id.high } else { nil }
  }
}
