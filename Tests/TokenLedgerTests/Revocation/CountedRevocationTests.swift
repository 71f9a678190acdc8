import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("A wide revocation that counts")
struct CountedRevocationTests {
  private let clock = ManualClock()

  private func ledger() -> RefreshLedger {
    .inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 9))
  }

  private func grant(_ subject: String, _ client: String, seconds: Int64 = 3600) throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: seconds * 1000, absoluteMilliseconds: seconds * 1000))
    return SessionGrant(subject: subject, client: client, scope: "", lifetimes: lifetimes)
  }

  @Test(
    "A wide revocation that counts tells how many live sessions it ended, and then none",
    arguments: [
      (SessionScope.all, 10_003), (.subject("ann"), 5_002), (.client("web"), 5_001),
      (.subjectAtClient(subject: "ann", client: "app"), 5_002), (.subject("nobody"), 0), (.client("nobody"), 0),
      (.subjectAtClient(subject: "bob", client: "app"), 0),
    ])
  func counts(scope: SessionScope, count: Int) async throws {
    let ledger = ledger()
    // More than one step of counting looks at.
    for (subject, client, count) in [
      ("bob", "web", 4_096), ("ann", "app", 4_096), ("bob", "web", 905), ("ann", "app", 906),
    ] {
      _ = try await ledger.open(Array(repeating: grant(subject, client), count: count))
    }
    // Neither one that has expired nor one that was revoked.
    _ = try await ledger.open(grant("ann", "web", seconds: 1))
    _ = try await ledger.revoke(ledger.open(grant("ann", "web")).id)
    clock.advance(milliseconds: 1000)
    #expect(try await ledger.revoke(scope) == count)
    #expect(try await ledger.revoke(scope) == 0)
    _ = try await ledger.open(grant("ann", "web"))
    #expect(try await ledger.revoke(.all) == 10_003 - count + 1)
  }

  @Test("A wide revocation that counts of a name that is longer than names can be is refused")
  func refused() async throws {
    let scope = SessionScope.subject(String(repeating: "a", count: 1 << 20))
    await #expect(throws: LedgerError.self) { _ = try await ledger().revoke(scope) }
  }
}
