#if Postgres
import PostgresTesting
import RotationModel
import Testing
import TokenLedgerPostgres

/// What one instance does from its opening to its end.
@Suite("A ledger in PostgreSQL", .fewAtOnce, .timeLimit(.minutes(5)))
struct LedgerLifeTests {
  @Test("opens a session, rotates it, refuses the token that was rotated out, and has then ended it")
  func life() async throws {
    try await LedgerFixture().withLedger { ledger in
      let session = try await ledger.open()
      #expect(session.generation == 0)
      let rotated = try #require(try await ledger.rotate(session.tokenID).granted)
      #expect(rotated.generation == 1 && rotated.id == session.id && rotated.refreshedAt >= session.refreshedAt)
      let again = try await ledger.rotate(rotated.tokenID)
      #expect(again.granted?.generation == 2)
      let reused = try await ledger.rotate(session.tokenID)
      #expect(reused.refusal == .reused(.staleLineage, generationsBehind: 2, revokedSession: true))
      #expect(ledger.register.isRefused(rotated.tokenID, subject: "ann", client: "web", issuedAt: 0))
      #expect(try await ledger.session(session.id) == nil)
    }
  }
}
#endif
