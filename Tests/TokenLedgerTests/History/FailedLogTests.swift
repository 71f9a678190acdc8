import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("Following a ledger whose log fails")
struct FollowingAFailedLogTests {
  private let disk = FakeStorage(seed: 1)
  private let clock = ManualClock()

  private func open() async throws -> RefreshLedger {
    try await RefreshLedger.open(
      storage: disk, executor: CommitThread(), options: LedgerOptions(), clock: clock.sessionClock,
      random: SeededGenerator(seed: 1)
    ).ledger
  }

  /// Nobody is told of the record that fails.
  private func fail(_ ledger: RefreshLedger, _ session: Session) async {
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    clock.advance(milliseconds: 100_600)
    await #expect(throws: LedgerError.self) {
      _ = try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"))
    }
  }

  @Test(
    "Following events throws at the first heartbeat after the log has failed, also where the record is not to be told"
  )
  func waiting() async throws {
    let ledger = try await open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 100_500))
    let events = try await ledger.events()
    let consumer = Task { () -> Bool in
      do {
        for try await _ in events {}
        return false
      } catch { return true }
    }
    for _ in 0..<500 { await Task.yield() }
    await fail(ledger, session)
    await #expect(throws: LedgerError.self) { try await ledger.sweepExpired() }
    for _ in 0..<500 { await Task.yield() }
    try await Task.sleep(for: .milliseconds(100))
    consumer.cancel()
    #expect(await consumer.value)
  }

  @Test("Following the events of a log that has failed throws from the beginning")
  func late() async throws {
    let ledger = try await open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 100_500))
    await fail(ledger, session)
    var iterator = try await ledger.events().makeAsyncIterator()
    await #expect(throws: LedgerError.self) { _ = try await iterator.next() }
  }
}
