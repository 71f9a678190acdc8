import LedgerTesting
import Testing

@testable import TokenLedger

private let hour: Int64 = 3_600_000

@Suite("A ledger whose wall clock is behind")
struct ShiftedLedgerTests {
  private let clock = ManualClock()
  private let storage = FakeStorage(seed: 1)

  private func open(_ storage: FakeStorage) async throws -> SteppedTimeLedger {
    let executor = SteppedExecutor()
    let clock = clock.sessionClock
    var small = LedgerOptions()
    small.preallocationBytes = 1_024
    let options = small
    let opened = try await executor.driving {
      try await RefreshLedger.open(
        storage: storage, executor: executor, options: options, clock: clock, random: SeededGenerator(seed: 5))
    }
    return SteppedTimeLedger(executor: executor, ledger: opened.ledger)
  }

  private func grant(idle: Int64) throws -> SessionGrant {
    SessionGrant(
      subject: "ann", client: "web", scope: "",
      lifetimes: try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: 1_000 * hour)))
  }

  @Test(
    "A ledger writes a log that opens although the shift changes twice within a millisecond")
  func twoChangesInOneMillisecond() async throws {
    let ledger = try await open(storage)
    _ = try await ledger.open(grant(idle: hour))
    for step in [-10_000, -5_000, 12_000, -1_700] as [Int64] {
      clock.step(milliseconds: step)
      _ = try await ledger.open(grant(idle: hour))
    }
    let before = await ledger.ledger.state.shifts
    try await ledger.close()
    let after = try await open(storage).ledger.state.shifts
    #expect(after == before)
    #expect(before.changes.map(\.seconds) == [10, 16, 4, 5])
  }

  @Test(
    "A ledger issues no pair in the future although it was held up between reading its time and the shift"
  )
  func pauseBeforeShift() async throws {
    let ledger = try await open(storage)
    clock.step(milliseconds: -4_000)
    _ = try await ledger.open(grant(idle: hour))
    clock.pause(after: .boot, milliseconds: 5_000)
    let session = try await ledger.open(grant(idle: hour))
    #expect(session.onWallClock.refreshedAt <= clock.now)
  }

  @Test(
    "A ledger whose wall clock is behind goes on from the time of its clean close, with the clock set back by then",
    arguments: [false, true])
  func close(reboots: Bool) async throws {
    let ledger = try await open(storage)
    let session = try await ledger.open(grant(idle: 1_000))
    clock.advance(milliseconds: 999)
    try await ledger.close()
    clock.step(milliseconds: -hour)
    if reboots { clock.reboot() }
    let again = try await open(storage)
    #expect(try await again.ledger.session(session.id) != nil)
    clock.advance(milliseconds: 1)
    #expect(try await again.ledger.session(session.id) == nil)
  }

  @Test(
    "A heartbeat notes the time in the log each second where the wall clock is behind, and each minute elsewhere",
    arguments: [false, true])
  func heartbeat(isBehind: Bool) async throws {
    let ledger = try await open(storage)
    _ = try await ledger.open(grant(idle: hour))
    if isBehind { clock.step(milliseconds: -4_500) }
    try await ledger.sweep()
    let age: Int64 = isBehind ? 500 : 60_000
    for _ in 0..<2 {
      let before = await ledger.ledger.statistics.sequence
      clock.advance(milliseconds: age - 1)
      try await ledger.sweep()
      #expect(await ledger.ledger.statistics.sequence == before)
      clock.advance(milliseconds: 1)
      try await ledger.sweep()
      #expect(await ledger.ledger.statistics.sequence == before + 1)
    }
    #expect(await ledger.ledger.state.highestTime == ledger.ledger.time.now())
  }

  @Test("A ledger whose wall clock is behind revives no access token whose revocation came after its end")
  func lateAccessRevocation() async throws {
    let ledger = try await open(storage)
    let session = try await ledger.open(grant(idle: hour))
    clock.advance(milliseconds: 2_000)
    let end = session.refreshedAt.advanced(byMilliseconds: 1_500)
    try await ledger.revokeAccess(session.tokenID, until: end)
    storage.killProcess()
    clock.step(milliseconds: -hour)
    #expect(try await open(storage).ledger.time.now() >= end)
  }
}

/// A ledger on an executor of its own, which runs until a call has its answer.
private struct SteppedTimeLedger {
  let executor: SteppedExecutor
  let ledger: RefreshLedger

  func open(_ grant: SessionGrant) async throws -> Session {
    let ledger = ledger
    return try await executor.driving { () async throws(LedgerError) in try await ledger.open(grant) }
  }

  func sweep() async throws {
    let ledger = ledger
    try await executor.driving { () async throws(LedgerError) in try await ledger.sweepExpired() }
  }

  func close() async throws {
    let ledger = ledger
    try await executor.driving { () async throws(LedgerError) in try await ledger.close() }
  }

  func revokeAccess(_ token: TokenID, until end: Timestamp) async throws {
    let ledger = ledger
    try await executor.driving { () async throws(LedgerError) in try await ledger.revokeAccess(token, until: end) }
  }
}
