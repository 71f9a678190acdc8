internal import Dispatch
internal import Synchronization
import WriteAheadLog

/// Events that are read back from the log, on a thread of their own and at most a few thousand ahead of the consumer.
final class AuditHistory: Sendable {
  private static let batchCount = 1024
  private static let batchesAhead = 4

  private let batches: AsyncThrowingStream<[AuditEvent], any Error>
  private let input: AsyncThrowingStream<[AuditEvent], any Error>.Continuation
  /// A semaphore that counts the batches that can still be read ahead.
  private let room = DispatchSemaphore(value: 0)
  private let isAbandoned = Atomic<Bool>(false)

  /// Reads the records after `first` and up to `last`, which must be in the files already.
  static func start(
    in storage: any LogStorage, after first: UInt64, through last: UInt64
  ) throws(LedgerError) -> AuditHistory {
    let thread: CommitThread
    do { thread = try CommitThread(givesWay: true) } catch { throw LedgerError(reading: error) }
    let history = AuditHistory()
    // The task must not hold the history itself, since an abandoned history must end.
    let (input, room) = (history.input, history.room)
    Task.detached(executorPreference: thread) { [weak history] in
      do throws(LogError) {
        var reading = Reading(after: first, through: last) { batch in
          input.yield(batch)
          room.wait()
          return history?.isAbandoned.load(ordering: .relaxed) == false
        }
        try reading.run(in: storage)
        input.finish()
      } catch {
        input.finish(throwing: error)
      }
    }
    return history
  }

  private init() {
    (batches, input) = AsyncThrowingStream.makeStream(bufferingPolicy: .unbounded)
    for _ in 0..<Self.batchesAhead { room.signal() }
  }

  deinit {
    isAbandoned.store(true, ordering: .relaxed)
    room.signal()
  }

  /// Returns the next events, or nil at the end.
  func next() async throws(LedgerError) -> [AuditEvent]? {
    do {
      for try await batch in batches {
        room.signal()
        return batch
      }
      return nil
    } catch {
      throw LedgerError(reading: error as? LogError ?? .closed)
    }
  }

  /// One pass over the log.
  private struct Reading {
    let first: UInt64
    let last: UInt64
    /// A closure that takes a batch and returns whether to go on.
    let give: ([AuditEvent]) -> Bool
    private var replay = LedgerReplay()
    private var batch: [AuditEvent] = []
    /// The last record that was delivered or is known to be missed.
    private var told: UInt64
    private var isDone = false

    init(after first: UInt64, through last: UInt64, give: @escaping ([AuditEvent]) -> Bool) {
      (self.first, self.last, self.give) = (first, last, give)
      told = first
    }

    mutating func run(in storage: any LogStorage) throws(LogError) {
      do throws(LogError) {
        _ = try LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
          try read(frame, payload)
        }
      } catch {
        // The error is ignored if the reading was stopped on purpose.
        guard isDone else { throw error }
      }
      if told < last { noteMissed(through: last) }
      if !batch.isEmpty { _ = give(batch) }
    }

    private mutating func read(_ frame: LogFrame, _ payload: Span<UInt8>) throws(RecordError) {
      if frame.kind == .records, frame.firstSequence > last { try stop() }
      if frame.kind == .records, frame.firstSequence > told + 1, told == first {
        noteMissed(through: frame.firstSequence - 1)
      }
      var sequence = frame.firstSequence
      let (first, last) = (first, last)
      var events: [AuditEvent] = []
      try replay.apply(
        frame, payload,
        visit: { event, time, state in
          defer { sequence += 1 }
          guard sequence > first, sequence <= last else { return }
          if let event = AuditEvent(event, sequence: sequence, time: time, before: state) { events.append(event) }
        })
      guard frame.kind == .records else { return }
      told = max(told, sequence - 1)
      batch += events
      // Records after the last one may be in the middle of being written.
      if told >= last { try stop() }
      guard batch.count >= AuditHistory.batchCount else { return }
      let goesOn = give(batch)
      batch = []
      if !goesOn {
        told = last
        try stop()
      }
    }

    /// Reports the records that a checkpoint has replaced as missed.
    private mutating func noteMissed(through end: UInt64) {
      let shown = replay.state.shifts.wallTime(of: replay.state.highestTime)
      batch.append(AuditEvent(sequence: end, time: shown, fact: .missed(from: told + 1)))
      told = end
    }

    private mutating func stop() throws(RecordError) {
      isDone = true
      throw RecordError(byteOffsetInPayload: 0, what: "enough was read")
    }
  }
}
