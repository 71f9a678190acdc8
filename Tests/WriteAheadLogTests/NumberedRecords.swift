import LedgerTesting
import Synchronization
import WriteAheadLog

/// Records that say their own number, so that a replay can be checked: length, sequence, and bytes that follow from
/// both; those of every third record can be compressed.
enum NumberedRecords {
  static let overhead = 10

  static func append(_ sequence: UInt64, fillerBytes: Int, to payload: inout [UInt8]) {
    payload.append(UInt8(truncatingIfNeeded: fillerBytes))
    payload.append(UInt8(truncatingIfNeeded: fillerBytes >> 8))
    for place in 0..<8 { payload.append(UInt8(truncatingIfNeeded: sequence >> (8 * place))) }
    var generator = SeededGenerator(seed: sequence)
    if sequence % 3 == 0 {
      payload += [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: fillerBytes)
      return
    }
    var left = fillerBytes
    while left > 0 {
      let word: UInt64 = generator.next()
      withUnsafeBytes(of: word.littleEndian) { payload += $0.prefix(left) }
      left -= 8
    }
  }

  /// The sequences in a payload; throws where the bytes are not those that `append` made.
  static func sequences(in payload: Span<UInt8>) throws(RecordError) -> [UInt64] {
    var found: [UInt64] = []
    let bytes = payload.withUnsafeBufferPointer(Array.init)
    var start = 0
    while start < bytes.count {
      guard start + overhead <= bytes.count else { throw RecordError(byteOffsetInPayload: start, what: "too short") }
      let filler = Int(bytes[start]) | Int(bytes[start + 1]) << 8
      let sequence = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + 2 + $1]) << UInt64(8 * $1) }
      var expected: [UInt8] = []
      append(sequence, fillerBytes: filler, to: &expected)
      let end = min(bytes.count, start + expected.count)
      guard Array(bytes[start..<end]) == expected else {
        throw RecordError(byteOffsetInPayload: start, what: "not what was written")
      }
      found.append(sequence)
      start = end
    }
    return found
  }
}

/// A log on a fake disk, driven step by step.
final class SteppedLog {
  let disk: FakeStorage
  let executor: SteppedExecutor
  let log: CommitLog
  let recovery: LogRecovery
  /// What the opening replayed, in order.
  let replayed: [UInt64]
  private(set) var stagedSequence: UInt64

  private init(
    _ disk: FakeStorage, _ executor: SteppedExecutor, _ log: CommitLog, _ recovery: LogRecovery, _ replayed: [UInt64]
  ) {
    self.disk = disk
    self.executor = executor
    self.log = log
    self.recovery = recovery
    self.replayed = replayed
    stagedSequence = recovery.lastSequence
  }

  static let identity = LogIdentity(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)

  static func open(
    _ disk: FakeStorage, _ options: LogOptions, clock: any Clock<Duration> = ContinuousClock()
  ) async throws(LogError) -> SteppedLog {
    let executor = SteppedExecutor()
    let replayed = Mutex<[UInt64]>([])
    let opened = try await executor.driving { () async throws(LogError) in
      try await CommitLog.open(storage: disk, options: options, executor: executor, clock: clock) {
        (_, payload) throws(RecordError) in
        let found = try NumberedRecords.sequences(in: payload)
        replayed.withLock { $0 += found }
      }
    }
    return SteppedLog(disk, executor, opened.log, opened.recovery, replayed.withLock { $0 })
  }

  /// Stages records of these filler sizes; they reach the disk with `executor.runUntilIdle()`.
  func stage(_ fillers: [Int]) {
    for filler in fillers {
      stagedSequence += 1
      let sequence = stagedSequence
      log.stage(sequence: sequence) { payload, _ in
        NumberedRecords.append(sequence, fillerBytes: filler, to: &payload)
      }
    }
  }

  func commit(_ fillers: [Int]) {
    stage(fillers)
    executor.runUntilIdle()
  }

  func close() async throws(LogError) {
    let log = log
    try await executor.driving { () async throws(LogError) in try await log.close() }
  }
}

extension LogOptions {
  /// Small enough that a few records make several segments.
  static let small = LogOptions(segmentBytesMax: 900, preallocationBytes: 1024, identity: SteppedLog.identity)
}
