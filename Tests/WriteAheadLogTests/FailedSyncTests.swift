import LedgerTesting
import Synchronization
import Testing
import WriteAheadLog

/// After a sync that failed, Linux counts the pages as written: reads show what the disk does not have, and the next
/// sync has nothing to do.
@Suite("After a failed sync")
struct FailedSyncTests {
  /// Lets the one sync of a file after `count` good ones lose what it should write.
  private func loseSync(after count: Int, on storage: FakeStorage) {
    let left = Mutex(count)
    storage.follow(
      FaultScript { call in
        guard call.operation == .sync else { return nil }
        return left.withLock { left in
          defer { left -= 1 }
          return left == 0 ? .lossySync : nil
        }
      })
  }

  private func afterPowerLoss(_ storage: FakeStorage, seed: UInt64) async throws(LogError) -> SteppedLog {
    try await SteppedLog.open(FakeStorage(seed: seed, files: storage.crashImage(seed: seed)), .small)
  }

  @Test(
    "what a restart served from is on disk, although its own sync had nothing to do",
    arguments: 0..<200 as Range<UInt64>)
  func restartWritesAgain(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed)
    let failing = try await SteppedLog.open(storage, .small)
    failing.commit([20])
    loseSync(after: 0, on: storage)
    failing.commit([30, 400])
    #expect(failing.log.failure != nil)
    storage.follow(FaultScript())
    storage.killProcess()
    let served = try await SteppedLog.open(storage, .small)
    let left = try await afterPowerLoss(storage, seed: seed)
    #expect(left.replayed.count >= served.replayed.count, "seed \(seed)")
  }

  @Test("a seal that a restart went on from is on disk", arguments: 0..<200 as Range<UInt64>)
  func sealIsWrittenAgain(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed)
    let failing = try await SteppedLog.open(storage, .small)
    failing.commit([900])
    // Of the old segment, of the new one's file, of the seal.
    loseSync(after: 2, on: storage)
    failing.commit([10])
    storage.follow(FaultScript())
    storage.killProcess()
    let served = try await SteppedLog.open(storage, .small)
    served.commit([10])
    #expect(served.log.failure == nil)
    let left = try await afterPowerLoss(storage, seed: seed)
    #expect(left.replayed.count >= Int(served.log.durableSequence), "seed \(seed)")
  }

  @Test("a close that a restart went on from is on disk", arguments: 0..<200 as Range<UInt64>)
  func closeIsWrittenAgain(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed)
    let failing = try await SteppedLog.open(storage, .small)
    failing.commit([Int(seed) + 200])
    loseSync(after: 0, on: storage)
    try? await failing.close()
    storage.follow(FaultScript())
    storage.killProcess()
    let served = try await SteppedLog.open(storage, .small)
    served.commit([10])
    let left = try await afterPowerLoss(storage, seed: seed)
    #expect(left.replayed.count >= Int(served.log.durableSequence), "seed \(seed)")
  }
}
