import LedgerTesting
import Synchronization
import Testing
import TokenLedger
import WriteAheadLog

/// What a restart must make durable before it serves it, call by call.
@Suite("A restart")
struct SimulationRestartTests {
  private func options() -> LedgerOptions {
    var options = LedgerOptions(segmentBytesMax: 700)
    options.preallocationBytes = 1024
    return options
  }

  private func open(_ storage: FakeStorage) async throws(LogError) -> RefreshLedger {
    let executor = SteppedExecutor()
    return try await executor.driving { () async throws(LogError) in
      try await RefreshLedger.open(
        storage: storage, executor: executor, options: options(), clock: ManualClock().sessionClock,
        random: SeededGenerator(seed: 2)
      ).ledger
    }
  }

  private func session(_ id: SessionID, of ledger: RefreshLedger) async throws(LedgerError) -> Session? {
    try await ledger.session(id)
  }

  /// Rotates until a call fails or so many rotations are done; returns the last session that was answered.
  private func rotate(_ storage: FakeStorage, times: Int) async throws -> Session? {
    let executor = SteppedExecutor()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 10_000, absoluteMilliseconds: 10_000))
    let last = Mutex<Session?>(nil)
    try? await executor.driving {
      let ledger = try await RefreshLedger.open(
        storage: storage, executor: executor, options: options(), clock: ManualClock().sessionClock,
        random: SeededGenerator(seed: 3)
      ).ledger
      let grant = SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes)
      var session = try await ledger.open(grant)
      for _ in 0..<times {
        last.withLock { $0 = session }
        let request = RotationRequest(token: session.tokenID, client: "web")
        guard case .rotated(let next) = try await ledger.rotate(request) else { return }
        session = next
      }
      last.withLock { $0 = session }
    }
    return last.withLock { $0 }
  }

  @Test("A restart after a failed sync serves nothing that the disk does not have", arguments: 0..<30 as Range<UInt64>)
  func afterFailedSync(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed)
    let syncs = Mutex(0)
    storage.follow(
      FaultScript { call in
        guard call.operation == .sync else { return nil }
        let count = syncs.withLock { count in
          count += 1
          return count
        }
        return count == 5 ? .lossySync : nil
      })
    let answered = try #require(try await rotate(storage, times: 5))
    storage.killProcess()
    let served = try #require(try await session(answered.id, of: open(storage)))
    #expect(served.generation >= answered.generation)
    storage.losePower(seed: seed)
    let left = try await session(answered.id, of: open(storage))
    #expect(left == served)
  }

  @Test("A restart that is cut short after a kill leaves a log that opens", arguments: 0..<24)
  func cutShortAfterKill(deathOfRestart: Int) async throws {
    for death in 30..<80 {
      let storage = FakeStorage(seed: 1)
      let calls = Mutex(0)
      storage.follow(
        FaultScript { _ in
          let count = calls.withLock { calls in
            calls += 1
            return calls
          }
          return count > death ? .death(bytesWritten: 0) : nil
        })
      let answered = try await rotate(storage, times: 12)
      storage.killProcess()
      calls.withLock { $0 = death - deathOfRestart }
      _ = try? await open(storage)
      storage.follow(FaultScript())
      storage.losePower(seed: UInt64(death))
      let left = try await open(storage)
      guard let answered else { continue }
      let generation = try await session(answered.id, of: left)?.generation ?? 0
      #expect(generation >= answered.generation, "death at call \(death), of the restart at \(deathOfRestart)")
    }
  }
}
