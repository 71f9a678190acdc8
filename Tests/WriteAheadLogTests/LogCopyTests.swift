import LedgerTesting
import Testing

@testable import WriteAheadLog

@Suite("A copy of a log")
struct LogCopyTests {
  private func opened(_ files: [String: [UInt8]], accepting: Bool = false) async throws(LogError) -> SteppedLog {
    var options = LogOptions.small
    options.acceptsRollback = accepting
    return try await SteppedLog.open(FakeStorage(seed: 1, files: files), options)
  }

  @Test("made while the log is open holds every record that was acknowledged, and ends at a frame")
  func whileOpen() async throws {
    let source = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(source, .small)
    for fillers in [[5], [300, 400], [700], [20]] { log.commit(fillers) }
    let target = FakeStorage(seed: 2)
    let summary = try LogCopy.make(of: source, in: target)
    #expect(summary.lastSequence == 5)
    log.commit([9])
    let copy = try await opened(target.files, accepting: true)
    #expect(copy.replayed == [1, 2, 3, 4, 5])
    #expect(copy.recovery.tornTail == nil)
    try await log.close()
  }

  @Test("is durable when it is said to be made", arguments: 0..<20 as Range<UInt64>)
  func isDurable(seed: UInt64) async throws {
    let source = FakeStorage(seed: 1)
    try await GoldenLog.write(to: source)
    let target = FakeStorage(seed: seed)
    _ = try LogCopy.make(of: source, in: target)
    let left = target.crashImage(seed: seed)
    #expect(try await opened(left, accepting: true).replayed == Array(1...GoldenLog.lastSequence), "seed \(seed)")
  }

  @Test("is not opened as if nothing had happened")
  func isMarked() async throws {
    let target = FakeStorage(seed: 1)
    _ = try LogCopy.make(of: FakeStorage(seed: 1, files: try GoldenLog.files()), in: target)
    await #expect(throws: LogError.rolledBack(path: target.path)) { try await opened(target.files) }
    let accepted = try await SteppedLog.open(target, with { $0.acceptsRollback = true })
    try await accepted.executor.driving { () async throws(LogError) in try await accepted.log.settle() }
    try await accepted.close()
    #expect(try await opened(target.files).replayed == Array(1...GoldenLog.lastSequence))
  }

  @Test("of a damaged log is refused, and so is a target that holds one")
  func refusals() async throws {
    var files = try GoldenLog.files()
    let target = FakeStorage(seed: 1, files: files)
    #expect(throws: LogError.self) { try LogCopy.make(of: FakeStorage(seed: 1, files: files), in: target) }
    #expect(target.files == files)
    files[files.segmentNames[0]]?[80] ^= 1
    #expect(throws: LogError.self) {
      try LogCopy.make(of: FakeStorage(seed: 1, files: files), in: FakeStorage(seed: 1))
    }
  }

  @Test("goes on with an epoch above the one that is asked for")
  func epochFloor() async throws {
    let options = with { $0.epochFloor = 40 }
    let log = try await SteppedLog.open(FakeStorage(seed: 1, files: try GoldenLog.files()), options)
    #expect(log.recovery.epoch == 41)
  }

  private func with(_ change: (inout LogOptions) -> Void) -> LogOptions {
    var options = LogOptions.small
    change(&options)
    return options
  }
}
