#if Postgres
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

@Suite("The end of the sessions of a client that was removed or replaced", .fewAtOnce)
struct GoneClientTests {
  @Test("ends none that was opened since the client of this id was added, however late it comes")
  func late() async throws {
    let fixture = try await LedgerFixture()
    try await fixture.withLedger { ledger in
      let first = try #require(try await ledger.records.put(.client, "web", [1], expecting: nil))
      let (old, other) = (try await ledger.open(), try await ledger.open(client: "app"))
      #expect(try await ledger.records.remove(.client, "web", expecting: first))
      // The first instance that hears of it.
      #expect(try await ledger.revoke(goneClient: "web") == 1)
      #expect(try await ledger.session(old.id) == nil)
      #expect(try await ledger.rotate(old.tokenID).refusal == .revoked(generationsBehind: 0))
      _ = try #require(try await ledger.records.put(.client, "web", [2], expecting: nil))
      let new = try await ledger.open()
      // The last one.
      #expect(try await ledger.revoke(goneClient: "web") == nil)
      for session in [new, other] { #expect(try await ledger.session(session.id) != nil) }
      let openings = try await ledger.openings(ofClient: "web", after: nil)
      #expect(openings == [ClientOpening(session: new.id, version: .unknown, openedAt: new.openedAt)])
      #expect(try await ledger.openings(ofClient: "web", after: new.id).isEmpty)
    }
    #expect(try fixture.value("select count(*) from ledger.mark") == "1")
  }

  @Test("ends all of a client that was replaced while none was opened for the new one")
  func replaced() async throws {
    let fixture = try await LedgerFixture()
    try await fixture.withLedger { ledger in
      let first = try #require(try await ledger.records.put(.client, "web", [1], expecting: nil))
      let old = try await ledger.open()
      #expect(try await ledger.records.put(.client, "web", [2], expecting: first) != nil)
      #expect(try await ledger.revoke(goneClient: "web") == 1)
      #expect(try await ledger.session(old.id) == nil)
      let new = try await ledger.open()
      #expect(try await ledger.session(new.id) != nil)
    }
  }
}
#endif
