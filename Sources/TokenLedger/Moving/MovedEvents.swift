internal import WriteAheadLog

/// An event of a log on its way to another kind of ledger.
package struct MovedEvent: Sendable, Hashable {
  package var event: AuditEvent
  /// The time of the event in the ledger's time; ``AuditEvent/time`` is the wall clock's.
  package var time: Timestamp
  /// The number of seconds by which the ledger's time was ahead of the wall clock.
  package var shift: Int64
  /// The terms of the session, if the event is its opening.
  package var terms: SessionTerms?

  package init(event: AuditEvent, time: Timestamp, shift: Int64, terms: SessionTerms?) {
    (self.event, self.time, self.shift, self.terms) = (event, time, shift, terms)
  }
}

extension RefreshLedger {
  /// Reads the events that the log still holds, those of records after `first`, in order and a few at a time.
  ///
  /// The call blocks; a ledger without a log has no events.
  ///
  /// - Parameters:
  ///   - first: The number of the last record to leave out, 0 to begin with the first record.
  ///   - count: The number of events at which `body` is called. The events of one frame stay together, so that it can
  ///     be given more; the last call can have fewer.
  ///   - body: A closure that takes the events; an error that it throws ends the reading.
  /// - Throws: `LogError` if the log cannot be read, and the errors of `body`.
  package nonisolated func readEvents(
    after first: UInt64, atOnce count: Int, _ body: ([MovedEvent]) throws -> Void
  ) throws {
    guard let storage = log?.storage else { return }
    var reading = MovedEventReading(after: first, atOnce: count)
    do throws(LogError) {
      _ = try LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
        try reading.read(frame, payload, body)
      }
    } catch {
      throw reading.failure ?? error
    }
    if !reading.batch.isEmpty { try body(reading.batch) }
  }
}

/// One pass over a log.
private struct MovedEventReading {
  private let first: UInt64
  private let count: Int
  private var replay = LedgerReplay()
  private(set) var batch: [MovedEvent] = []
  /// The error that the caller's closure threw.
  private(set) var failure: (any Error)?

  init(after first: UInt64, atOnce count: Int) {
    (self.first, self.count) = (first, count)
  }

  mutating func read(
    _ frame: LogFrame, _ payload: Span<UInt8>, _ body: ([MovedEvent]) throws -> Void
  ) throws(RecordError) {
    var sequence = frame.firstSequence
    let first = first
    var found: [MovedEvent] = []
    try replay.apply(
      frame, payload,
      visit: { event, time, state in
        defer { sequence += 1 }
        guard sequence > first, let told = AuditEvent(event, sequence: sequence, time: time, before: state) else {
          return
        }
        var terms: SessionTerms?
        if case .opened(_, _, _, let profile, _, _, _, _) = event { terms = state.profiles[profile]?.terms }
        found.append(MovedEvent(event: told, time: time, shift: state.shifts.seconds(at: time), terms: terms))
      })
    batch += found
    guard batch.count >= count else { return }
    do { try body(batch) } catch {
      failure = error
      throw RecordError(byteOffsetInPayload: 0, what: "whoever took the events ended it")
    }
    batch = []
  }
}
