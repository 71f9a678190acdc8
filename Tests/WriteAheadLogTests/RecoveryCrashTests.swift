import LedgerTesting
import Testing
import WriteAheadLog

@Suite("A power failure during and after a recovery")
struct RecoveryCrashTests {
  @Test("keeps all that was served, wherever the process had been killed before", arguments: 0..<60)
  func killedAnywhere(call: Int) async throws {
    let storage = FakeStorage(seed: UInt64(call))
    var script = FaultScript()
    script.callsUntilPowerOff = call
    storage.follow(script)
    // The killed process: what it did so far is seen by the next one, and not all of it is on disk.
    if let killed = try? await SteppedLog.open(storage, .small) {
      for _ in 0..<6 where killed.log.failure == nil { killed.commit([300, 200]) }
    }
    storage.killProcess()
    storage.follow(FaultScript())
    let served = try await SteppedLog.open(storage, .small).replayed
    for seed in 0..<12 as Range<UInt64> {
      let left = FakeStorage(seed: seed, files: storage.crashImage(seed: seed))
      let found = try await SteppedLog.open(left, .small).replayed
      #expect(found == served, "killed at call \(call), crash \(seed)")
    }
  }

  @Test("leaves a log that opens, wherever the process before and the recovery had come", arguments: 0..<60)
  func duringRecovery(call: Int) async throws {
    for second in 0..<12 {
      let storage = FakeStorage(seed: UInt64(call))
      var script = FaultScript()
      script.callsUntilPowerOff = call
      storage.follow(script)
      var safe: UInt64 = 0
      if let killed = try? await SteppedLog.open(storage, .small) {
        for _ in 0..<6 where killed.log.failure == nil { killed.commit([300, 200]) }
        safe = killed.log.durableSequence
      }
      storage.killProcess()
      script.callsUntilPowerOff = second
      storage.follow(script)
      _ = try? await SteppedLog.open(storage, .small)
      for seed in 0..<6 as Range<UInt64> {
        let left = FakeStorage(seed: seed, files: storage.crashImage(seed: seed))
        let found = try await SteppedLog.open(left, .small).replayed
        #expect(found.count >= safe, "killed at call \(call), power off at call \(second), crash \(seed)")
      }
    }
  }

  @Test("leaves a torn tail in its place or in its copy, whole", arguments: 0..<12)
  func tornTail(call: Int) async throws {
    let files = try await tornLog()
    let name = try #require(files.keys.first { $0.hasPrefix("wal-") })
    let whole = try #require(files[name])
    let storage = FakeStorage(seed: 1, files: files)
    var script = FaultScript()
    script.callsUntilPowerOff = call
    storage.follow(script)
    let tail = try? await SteppedLog.open(storage, .small).recovery.tornTail
    for seed in 0..<24 as Range<UInt64> {
      let left = storage.crashImage(seed: seed)
      let isInPlace = left[name] == whole
      let isCopied = left.contains { $0.key.hasPrefix("torn-") && !$0.value.isEmpty && whole.ends(with: $0.value) }
      #expect(isInPlace || isCopied, "power off at call \(call), crash \(seed)")
      if tail != nil { #expect(isCopied, "opened, crash \(seed)") }
    }
  }

  @Test("finds a log that was closed closed, with nothing cut off", arguments: 0..<24 as Range<UInt64>)
  func closed(seed: UInt64) async throws {
    let storage = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(storage, .small)
    log.commit([40, 50])
    try await log.close()
    let left = FakeStorage(seed: seed, files: storage.crashImage(seed: seed))
    let recovery = try await SteppedLog.open(left, .small).recovery
    #expect(recovery.wasClosedCleanly)
    #expect(recovery.lastSequence == 2)
  }

  /// A log whose last frame lacks its last bytes.
  private func tornLog() async throws -> [String: [UInt8]] {
    let storage = FakeStorage(seed: 1)
    let options = LogOptions(preallocationBytes: 0, identity: SteppedLog.identity)
    let log = try await SteppedLog.open(storage, options)
    log.commit([40])
    log.commit([700])
    var files = storage.files
    for name in files.keys { files[name]?.removeLast(100) }
    return files
  }
}

extension [UInt8] {
  fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
