import LedgerTesting
import Synchronization
import Testing
import WriteAheadLog

@Suite("Committing")
struct CommitTests {
  @Test("Records staged while a sync runs share the next one")
  func groupCommit() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions())
    let before = log.log.statistics.syncs
    log.stage(Array(repeating: 20, count: 500))
    log.executor.runUntilIdle()
    #expect(log.log.statistics.syncs == before + 1)
    #expect(log.log.statistics.frames == 1)
    #expect(log.log.durableSequence == 500)
  }

  @Test("Whoever asked is told the time of each commit once it is acknowledged, and nothing of one that failed")
  func tellsCommits() async throws {
    let disk = FakeStorage(seed: 1)
    let told = Mutex<[Duration]>([])
    var options = LogOptions()
    options.onCommit = { duration in told.withLock { $0.append(duration) } }
    let log = try await SteppedLog.open(disk, options)
    log.stage([5, 5, 5])
    #expect(told.withLock { $0 } == [])
    log.executor.runUntilIdle()
    #expect(told.withLock { $0.count } == 1)
    #expect(told.withLock { $0 } == [log.log.statistics.lastCommit])
    log.commit([5])
    #expect(told.withLock { $0.count } == 2)
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    log.commit([5])
    #expect(told.withLock { $0.count } == 2)
  }

  @Test("A record is not acknowledged before its sync has ended")
  func notBeforeSync() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    let inner = log.log
    disk.follow(
      FaultScript { call in
        if call.operation == .sync { #expect(inner.durableSequence == 0) }
        return nil
      })
    log.commit([5])
    disk.follow(FaultScript())
    #expect(inner.durableSequence == 1)
  }

  @Test("Records before a cut are acknowledged before the next segment is begun, and those after it are in that one")
  func cutHoldsUpNobody() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    let inner = log.log
    let made = try inner.makeSegmentAhead()
    let began = Mutex(false)
    disk.follow(
      FaultScript.watching { call in
        if call.operation == .sync, call.name == "wal-0000000000000001.lz4", !began.withLock({ $0 }) {
          #expect(inner.durableSequence == 0)
        }
        guard [.create, .rename, .syncDirectory, .truncate].contains(call.operation) else { return }
        began.withLock { $0 = true }
        #expect(inner.durableSequence == 2)
      })
    log.stage([5, 5])
    let cut = inner.stageCut(in: made)
    log.stage([5])
    log.executor.runUntilIdle()
    disk.follow(FaultScript())
    #expect(began.withLock { $0 })
    #expect(try await cut.base().covered == 2)
    #expect(inner.durableSequence == 3)
    #expect(disk.files.keys.sorted() == ["wal-0000000000000001.lz4", "wal-0000000000000003.lz4"])
    disk.losePower(seed: 1)
    #expect(try await SteppedLog.open(disk, LogOptions()).replayed == [1, 2, 3])
  }

  @Test("A segment that was made ahead is the next one of a cut, and is removed if the present one has no record")
  func madeAhead() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions(preallocationBytes: 500))
    log.commit([5])
    let made = try log.log.makeSegmentAhead()
    #expect(disk.files.keys.sorted() == ["wal-0000000000000001.lz4", "wal-next.tmp"])
    let cut = log.log.stageCut(in: made)
    log.executor.runUntilIdle()
    #expect(try await cut.base().covered == 1)
    #expect(disk.files.keys.sorted() == ["wal-0000000000000001.lz4", "wal-0000000000000002.lz4"])
    #expect(disk.files["wal-0000000000000002.lz4"]?.count == 564)
    let needless = log.log.stageCut(in: try log.log.makeSegmentAhead())
    log.executor.runUntilIdle()
    #expect(try await needless.base().covered == 1)
    #expect(disk.files.keys.sorted() == ["wal-0000000000000001.lz4", "wal-0000000000000002.lz4"])
    log.commit([5])
    disk.losePower(seed: 1)
    #expect(try await SteppedLog.open(disk, LogOptions()).replayed == [1, 2])
  }

  @Test("A payload past 256 KiB is followed by another frame, and all of it comes back")
  func splitsFrames() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    log.commit(Array(repeating: 60_000, count: 30))
    #expect(log.log.statistics.frames == 6)
    try await log.close()
    let again = try await SteppedLog.open(disk, LogOptions())
    #expect(again.replayed == Array(1...30))
  }

  @Test("A failed sync fails everybody who waits, refuses new records, and is not repeated")
  func failedSync() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    log.commit([5])
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    let inner = log.log
    log.stage([5, 5])
    let waiting = (1...2).map { UInt64($0 + 1) }.map { sequence in
      Task { () async -> LogError? in
        do throws(LogError) {
          try await inner.durable(through: sequence)
          return nil
        } catch { return error }
      }
    }
    log.executor.runUntilIdle()
    let calls = disk.changes
    let expected = LogError.io(operation: "sync", path: "wal-0000000000000001.lz4", errno: 5)
    for task in waiting { #expect(await task.value == expected) }
    disk.follow(FaultScript())
    #expect(throws: expected) { try inner.reserve() }
    log.commit([5])
    #expect(disk.changes == calls)
    #expect(inner.durableSequence == 1)
    await #expect(throws: expected) { try await log.close() }
    #expect(disk.changes == calls)
    try await inner.durable(through: 1)
  }

  @Test("What is staged while a sync fails is not written at close, and the log opens again")
  func stagedWhileASyncFails() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    log.commit([5])
    let inner = log.log
    var script = FaultScript { call in
      if call.operation == .sync { inner.stage(sequence: 3) { payload, _ in payload.append(3) } }
      return nil
    }
    script.syncsUntilFailure = 0
    disk.follow(script)
    log.stage([5])
    log.executor.runUntilIdle()
    disk.follow(FaultScript())
    let calls = disk.changes
    await #expect(throws: LogError.self) { try await log.close() }
    #expect(disk.changes == calls)
    let again = try await SteppedLog.open(disk, LogOptions())
    #expect(again.replayed == [1] || again.replayed == [1, 2])
  }

  @Test("A full disk ends writing, and what was acknowledged is found again")
  func fullDisk() async throws {
    let disk = FakeStorage(seed: 1)
    let options = LogOptions(preallocationBytes: 4096)
    let log = try await SteppedLog.open(disk, options)
    var script = FaultScript()
    script.bytesMax = 20_000
    disk.follow(script)
    while log.log.failure == nil { log.commit([700]) }
    guard case .io(_, _, errno: 28) = log.log.failure else {
      Issue.record("expected ENOSPC, got \(String(describing: log.log.failure))")
      return
    }
    let acknowledged = log.log.durableSequence
    #expect(acknowledged > 10)
    let again = try await SteppedLog.open(FakeStorage(seed: 2, files: disk.crashImage(seed: 3)), options)
    #expect(again.replayed.starts(with: 1...acknowledged))
  }

  @Test("Short writes and reads are continued, interrupted ones repeated")
  func shortTransfers() async throws {
    let disk = FakeStorage(seed: 1)
    var script = FaultScript()
    script.transferBytesMax = 37
    script.interruptedEvery = 3
    disk.follow(script)
    let log = try await SteppedLog.open(disk, .small)
    for _ in 0..<5 { log.commit([100, 300, 5]) }
    try await log.close()
    let again = try await SteppedLog.open(disk, .small)
    #expect(again.replayed == Array(1...15))
    #expect(again.recovery.wasClosedCleanly)
  }

  @Test("More staged bytes than the limit are refused before anything is taken")
  func overloaded() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions(stagedBytesMax: 1000))
    try log.log.reserve()
    log.stage([1200])
    #expect(throws: LogError.overloaded) { try log.log.reserve() }
    log.executor.runUntilIdle()
    try log.log.reserve()
  }

  @Test("Closing writes what is staged, then refuses")
  func closeFlushes() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    log.stage([5, 6])
    try await log.close()
    #expect(log.log.durableSequence == 2)
    #expect(throws: LogError.closed) { try log.log.reserve() }
    await #expect(throws: LogError.closed) { try await log.log.durable(through: 3) }
    try await log.close()
    let again = try await SteppedLog.open(disk, LogOptions())
    #expect(again.replayed == [1, 2])
    #expect(again.recovery.wasClosedCleanly)
    #expect(again.recovery.epoch == 2)
  }

  @Test("A second opening is refused at once while the first one lives, and allowed after its close")
  func locked() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    await #expect(throws: LogError.locked(path: disk.path)) {
      _ = try await SteppedLog.open(disk, LogOptions())
    }
    try await log.close()
    _ = try await SteppedLog.open(disk, LogOptions())
  }

  @Test("Without durability a record is acknowledged unsynced, and synced at close")
  func durabilityNone() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions(durability: .none))
    log.commit([5])
    #expect(log.log.durableSequence == 1)
    #expect(log.log.statistics.syncs == 0)
    try await log.close()
    #expect(log.log.statistics.syncedSequence == 1)
  }

  @Test("With an interval, one sync follows it, and none while nothing is written")
  func durabilityInterval() async throws {
    let clock = ManualClock()
    let log = try await SteppedLog.open(
      FakeStorage(seed: 1), LogOptions(durability: .interval(.seconds(1))), clock: clock.stopwatch)
    log.commit([5])
    log.commit([5])
    #expect(log.log.durableSequence == 2)
    #expect(log.log.statistics.syncs == 0)
    #expect(clock.sleeperCount == 1)
    clock.advance(milliseconds: 999)
    log.executor.runUntilIdle()
    #expect(log.log.statistics.syncs == 0)
    clock.advance(milliseconds: 1)
    log.executor.runUntilIdle()
    #expect(log.log.statistics.syncs == 1)
    #expect(log.log.statistics.syncedSequence == 2)
    #expect(clock.sleeperCount == 0)
    log.commit([5])
    #expect(clock.sleeperCount == 1)
    clock.advance(milliseconds: 2_000)
    log.executor.runUntilIdle()
    #expect(log.log.statistics.syncs == 2)
  }
}
