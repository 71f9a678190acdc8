import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("A one-time token")
struct OneTimeTokenTests {
  let clock = ManualClock()
  let ledger: RefreshLedger

  init() {
    ledger = RefreshLedger.inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 2))
  }

  private func issue(milliseconds: Int64 = 1000) async throws -> SessionID {
    try await ledger.issue(
      OneTimeGrant(purpose: "reset", subject: "ann", payload: [1, 2], lifetimeMilliseconds: milliseconds))
  }

  @Test("A one-time token is consumed once, and hands back what it was issued with")
  func consumedOnce() async throws {
    let id = try await issue()
    #expect(try await ledger.consume(id, purpose: "reset") == .consumed(subject: "ann", payload: [1, 2]))
    #expect(try await ledger.consume(id, purpose: "reset") == .refused(.alreadyConsumed))
  }

  @Test("A one-time token presented by 64 at once is consumed by exactly one")
  func oneConsumer() async throws {
    let id = try await issue()
    let consumed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 {
        group.addTask { try await ledger.consume(id, purpose: "reset") != .refused(.alreadyConsumed) }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(consumed == 1)
  }

  @Test("A one-time token lives exactly one millisecond where it was given one")
  func livesAMillisecond() async throws {
    let id = try await issue(milliseconds: 1)
    clock.advance(milliseconds: 1)
    #expect(try await ledger.consume(id, purpose: "reset") == .refused(.expired))
  }

  @Test("A one-time token for another purpose is refused and left unconsumed")
  func wrongPurpose() async throws {
    let id = try await issue()
    #expect(try await ledger.consume(id, purpose: "invite") == .refused(.wrongPurpose))
    #expect(try await ledger.consume(id, purpose: "reset") == .consumed(subject: "ann", payload: [1, 2]))
  }

  @Test("A one-time token is no refresh token, and a session is no one-time token")
  func kindsAreApart() async throws {
    let id = try await issue()
    let request = RotationRequest(token: TokenID(session: id, generation: 0), client: "web")
    #expect(try await ledger.rotate(request).refusal == .unknown)
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 1000, absoluteMilliseconds: 1000))
    let session = try await ledger.open(
      SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes))
    #expect(try await ledger.consume(session.id, purpose: "web") == .refused(.unknown))
  }

  @Test(
    "A one-time token outside its limits is refused with the field's name and nothing is written",
    arguments: [
      OneTimeGrant(purpose: "", subject: "ann", lifetimeMilliseconds: 1000),
      OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 0),
      OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: -5),
      OneTimeGrant(
        purpose: "reset", subject: "ann", payload: Array(repeating: 0, count: 1025), lifetimeMilliseconds: 1),
    ])
  func limits(grant: OneTimeGrant) async throws {
    await #expect(throws: LedgerError.self) { try await ledger.issue(grant) }
    #expect(await ledger.statistics.sequence == 0)
  }
}
