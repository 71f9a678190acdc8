import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("A wide revocation, and another after it,")
struct RepeatedWideRevocationTests {
  private let clock = ManualClock()

  private func ledger() -> RefreshLedger {
    .inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 4))
  }

  private func grant(_ client: String) throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 3_600_000, absoluteMilliseconds: 3_600_000))
    return SessionGrant(subject: "ann", client: client, scope: "", lifetimes: lifetimes)
  }

  @Test(
    "A second wide revocation covers the access tokens of a session that was opened in the second of the first one",
    arguments: [1, 900_000])
  func coversWhatTheFirstSpared(later: Int64) async throws {
    let ledger = ledger()
    try await ledger.revoke(.subject("ann"))
    let session = try await ledger.open(grant("web"))
    func isRefused() -> Bool {
      ledger.revocations.refuse(
        session.tokenID, subject: "ann", client: "web", issuedAt: session.refreshedAt.seconds)
    }
    #expect(!isRefused())
    clock.advance(milliseconds: later)
    try await ledger.revoke(.subject("ann"))
    #expect(isRefused())
  }

  @Test("A wide revocation during the sweep of another leaves none of its sessions alive")
  func sweepsTakingTurns() async throws {
    let ledger = ledger()
    // More sessions than one step of a sweep looks at, of which the first revocation covers none.
    let sessions = try await ledger.open(Array(repeating: grant("web"), count: 4_096))
    let others = try await ledger.open(Array(repeating: grant("web"), count: 1_000))
    try await ledger.revoke(.subjectAtClient(subject: "ann", client: "app"))
    _ = try await ledger.sweepStep()
    try await ledger.revoke(.subject("ann"))
    _ = try await ledger.open(Array(repeating: grant("app"), count: 3_000))
    try await ledger.sweepExpired()
    for session in sessions + others {
      let rotation = try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"))
      guard case .refused(.unknown) = rotation else {
        Issue.record("a revoked session is alive: \(rotation)")
        return
      }
    }
    #expect(await ledger.sessionCount(of: .subject("ann")) == 3_000)
  }

  @Test("Two wide revocations free slots for shorter sessions, whose memory is given back at their own end")
  func slotsOfOthers() async throws {
    let ledger = ledger()
    _ = try await ledger.open(Array(repeating: grant("web"), count: 100))
    try await ledger.revoke(.subject("ann"))
    try await ledger.sweepExpired()
    let short = try #require(Lifetimes(idleMilliseconds: 2_000, absoluteMilliseconds: 2_000))
    let guest = SessionGrant(subject: "bob", client: "web", scope: "", lifetimes: short)
    _ = try await ledger.open(Array(repeating: guest, count: 100))
    clock.advance(milliseconds: 3_000)
    try await ledger.sweepExpired()
    #expect(await ledger.statistics.entries == 0)
  }
}
