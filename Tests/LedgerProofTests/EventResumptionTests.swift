import LedgerTesting
import Testing
import WriteAheadLog

@testable import LedgerProof
@testable import TokenLedger

@Suite("A consumer of events that goes on after crashes")
struct EventResumptionTests {
  private func open(_ files: [String: [UInt8]], _ options: LedgerOptions) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      storage: FakeStorage(files: files), executor: InlineExecutor(), options: options,
      clock: ManualClock().sessionClock,
      random: SeededGenerator(seed: 1)
    ).ledger
  }

  /// The events of the records that the log still holds, and the first of these records.
  private func fold(_ files: [String: [UInt8]]) throws -> (events: [AuditEvent], first: UInt64) {
    var events: [AuditEvent] = []
    var first: UInt64?
    var replay = LedgerReplay()
    _ = try LogReader.read(storage: FakeStorage(files: files)) { (frame, payload) throws(RecordError) in
      var sequence = frame.firstSequence
      if frame.kind == .records { first = first ?? sequence }
      try replay.apply(
        frame, payload,
        visit: { event, time, state in
          if let event = AuditEvent(event, sequence: sequence, time: time, before: state) { events.append(event) }
          sequence += 1
        })
    }
    return (events, first ?? .max)
  }

  @Test(
    "A consumer of events that goes on after crashes sees each durable event once, in order, or hears which it missed",
    arguments: 0..<24 as Range<UInt64>)
  func resumes(seed: UInt64) async throws {
    var options = LedgerOptions(segmentBytesMax: 900)
    options.preallocationBytes = 512
    let storage = FakeStorage(seed: seed)
    let clock = ManualClock()
    var random = SeededGenerator(seed: seed)
    var commits = LedgerScript(seed: seed, commitCount: 12).commits[...]
    var memory = ScriptMemory()
    var last: UInt64 = 0
    var told = 0
    for life in 0..<5 as Range<UInt64> {
      let ledger = try await SteppedLedger.open(storage, options: options, clock: clock, seed: seed &+ life)
      for _ in 0..<3 {
        guard let steps = commits.popFirst() else { break }
        _ = await ledger.commit(steps, &memory)
      }
      if seed % 3 == 0, life == 2 { try await ledger.checkpoint() }
      storage.losePower(seed: seed &+ life)
      let log = try fold(storage.files)
      let events = try await open(storage.files, options).events(after: last)
      var iterator = events.makeAsyncIterator()
      if log.first != .max, log.first > last + 1 {
        let missed = try #require(try await iterator.next())
        #expect(missed.fact == .missed(from: last + 1) && missed.sequence == log.first - 1)
        last = missed.sequence
      }
      let start = last
      let expected = log.events.filter { $0.sequence > start }
      let count = life == 4 ? expected.count : Int.random(in: 0...expected.count, using: &random)
      for event in expected.prefix(count) {
        #expect(try await iterator.next() == event, "seed \(seed), life \(life)")
        last = event.sequence
        told += 1
      }
    }
    #expect(told > 5)
  }
}
