import LedgerTesting
import Synchronization
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("A checkpoint and the power")
struct CheckpointCrashTests {
  private func open(
    _ storage: FakeStorage, _ executor: SteppedExecutor
  ) async throws(LogError) -> RefreshLedger {
    try await RefreshLedger.open(
      storage: storage, executor: executor, options: .small, clock: ManualClock().sessionClock,
      random: SeededGenerator(seed: 1)
    ).ledger
  }

  private func grant() throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    return SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes)
  }

  @Test(
    "After a power failure right after a checkpoint nothing of what it replaced is missed",
    arguments: 0..<40 as Range<UInt64>)
  func powerFailure(seed: UInt64) async throws {
    let (storage, executor, grant) = (FakeStorage(seed: 1), SteppedExecutor(), try grant())
    try await executor.driving {
      let ledger = try await open(storage, executor)
      for _ in 0..<20 { _ = try await ledger.open(grant) }
      _ = try await ledger.checkpoint()
    }
    let left = FakeStorage(seed: seed, files: storage.crashImage(seed: seed))
    let next = SteppedExecutor()
    let live = try await next.driving { try await open(left, next).statistics.liveSessions }
    #expect(live == 20, "seed \(seed)")
  }

  @Test("After a kill right after a checkpoint the log counts as closed only once it was closed")
  func notClosed() async throws {
    let (storage, grant) = (FakeStorage(seed: 1), try grant())
    func life(_ body: (RefreshLedger) async throws -> Void) async throws -> LedgerRecovery {
      storage.killProcess()
      let executor = SteppedExecutor()
      return try await executor.driving {
        let (ledger, recovery) = try await RefreshLedger.open(
          storage: storage, executor: executor, options: .small, clock: ManualClock().sessionClock,
          random: SeededGenerator(seed: 1))
        try await body(ledger)
        return recovery
      }
    }
    let first = try await life { _ in }
    #expect(first.isNew && first.wasClosedCleanly)
    let second = try await life { ledger in
      for _ in 0..<5 { _ = try await ledger.open(grant) }
      #expect(try await ledger.checkpoint() != nil)
    }
    // An empty log, whose process was killed before it wrote anything.
    #expect(!second.isNew && !second.wasClosedCleanly)
    let third = try await life { ledger in try await ledger.close() }
    #expect(third.records == 0 && third.sequence >= 5 && !third.wasClosedCleanly)
    let fourth = try await life { _ in }
    #expect(fourth.wasClosedCleanly)
  }

  @Test("A ledger takes no more once the sync of the folder that makes a checkpoint's name durable has failed")
  func folderSync() async throws {
    let (storage, executor, grant) = (FakeStorage(seed: 1), SteppedExecutor(), try grant())
    let hasName = Mutex(false)
    storage.follow(
      FaultScript { call in
        hasName.withLock { hasName in
          if call.operation == .rename, call.name.hasPrefix("checkpoint-") { hasName = true }
          return hasName && call.operation == .syncDirectory ? .failure(errno: 5) : nil
        }
      })
    try await executor.driving {
      let ledger = try await open(storage, executor)
      for _ in 0..<5 { _ = try await ledger.open(grant) }
      #expect(ledger.logFailure == nil)
      do throws(LogError) {
        _ = try await ledger.checkpoint()
        Issue.record("a checkpoint whose folder was not synced counts as made")
      } catch {
        guard case .io(operation: "sync", path: storage.path, errno: 5) = error else { throw error }
      }
      #expect(ledger.logFailure != nil)
      #expect(storage.files.keys.contains { $0.hasPrefix("checkpoint-") && !$0.hasSuffix(".tmp") })
    }
  }

  @Test("A checkpoint keeps a name that nothing uses yet, as the records after it may speak of it")
  func unusedName() async throws {
    let folder = try TemporaryFolder()
    let (log, _) = try await CommitLog.open(
      storage: FolderStorage(path: folder.path), options: LogOptions(), executor: CommitThread(), replay: { _, _ in })
    var encoder = RecordEncoder()
    log.stage(sequence: 1) { payload, startsFrame in
      encoder.encode(.named(number: 0, text: "ann"), at: .zero, into: &payload, startsFrame: startsFrame)
    }
    try await log.close()
    let first = try await RefreshLedger.open(folder: folder.path).ledger
    #expect(try await first.checkpoint() != nil)
    try await first.close()
    let second = try await RefreshLedger.open(folder: folder.path).ledger
    #expect(await second.state.names.number(of: "ann") == 0)
    try await second.close()
  }
}
