import LedgerTesting
import Testing
import WriteAheadLog

@Suite("Crashes")
struct CrashTests {
  /// Opens, writes random records and pulls the plug at a random call, several times over on what is left each time.
  private func survive(seed: UInt64, durability: Durability, keepsUnsynced: Bool = false) async throws {
    var random = SeededGenerator(seed: seed)
    var files: [String: [UInt8]] = [:]
    var safe: UInt64 = 0
    var staged: UInt64 = 0
    for round in 0..<5 {
      let storage = FakeStorage(seed: random.next(), files: files)
      var script = FaultScript()
      script.callsUntilPowerOff = Int.random(in: 0..<120, using: &random)
      if Bool.random(using: &random) { script.transferBytesMax = 512 * Int.random(in: 1...4, using: &random) }
      script.shortensAtSectors = true
      storage.follow(script)
      let options = LogOptions(
        durability: durability, segmentBytesMax: Int.random(in: 200...6000, using: &random),
        preallocationBytes: 256 * Int.random(in: 0...8, using: &random), identity: SteppedLog.identity)
      do throws(LogError) {
        let log = try await SteppedLog.open(storage, options)
        check(log, safe: safe, staged: staged, "seed \(seed) round \(round)")
        safe = log.recovery.lastSequence
        staged = safe
        let commits = Int.random(in: 0..<40, using: &random)
        for _ in 0..<commits where log.log.failure == nil {
          let most = [4, 60, 700, 3000][Int.random(in: 0..<4, using: &random)]
          log.commit((0..<Int.random(in: 1..<8, using: &random)).map { _ in Int.random(in: 0...most, using: &random) })
          staged = log.stagedSequence
          safe = durability == .always ? log.log.durableSequence : log.log.statistics.syncedSequence
        }
        if keepsUnsynced { safe = log.log.durableSequence }
        if Bool.random(using: &random) {
          try await log.close()
          safe = staged
        }
      } catch {
        guard case .io = error else {
          Issue.record("seed \(seed) round \(round): \(error)")
          return
        }
      }
      files = keepsUnsynced ? storage.files : storage.crashImage(seed: random.next())
    }
    let last = try await SteppedLog.open(FakeStorage(seed: seed, files: files), LogOptions())
    check(last, safe: safe, staged: staged, "seed \(seed) at the end")
  }

  private func check(_ log: SteppedLog, safe: UInt64, staged: UInt64, _ comment: String) {
    let count = UInt64(log.replayed.count)
    #expect(log.replayed == Array(1..<(count + 1)), "\(comment)")
    #expect(count == log.recovery.lastSequence, "\(comment)")
    #expect(count >= safe, "\(comment): lost an acknowledged record")
    #expect(count <= staged, "\(comment): made a record up")
  }

  @Test("What an opening accepted after a kill is on disk before it is served", arguments: 3000..<3050)
  func killThenPowerFailure(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed)
    let options = LogOptions(durability: .none, preallocationBytes: 1024)
    let killed = try await SteppedLog.open(storage, options)
    for _ in 0..<5 { killed.commit([300, 20]) }
    storage.killProcess()
    let served = try await SteppedLog.open(storage, options)
    #expect(served.replayed == Array(1...10))
    let left = FakeStorage(seed: seed, files: storage.crashImage(seed: seed))
    #expect(try await SteppedLog.open(left, options).replayed == Array(1...10), "seed \(seed)")
  }

  @Test("No power failure loses an acknowledged record or is refused", arguments: 0..<400)
  func powerFailure(seed: Int) async throws {
    try await survive(seed: UInt64(seed), durability: .always)
  }

  @Test("Without durability, no power failure loses a synced record or is refused", arguments: 1000..<1200)
  func powerFailureUnsynced(seed: Int) async throws {
    try await survive(seed: UInt64(seed), durability: .none)
  }

  @Test("A kill loses no acknowledged record, whatever the durability", arguments: 2000..<2100)
  func kill(seed: Int) async throws {
    try await survive(seed: UInt64(seed), durability: seed % 2 == 0 ? .none : .always, keepsUnsynced: true)
  }
}
