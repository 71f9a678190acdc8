internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// A consumer of events, who hears of one life.
extension SimulatedLife {
  func startConsumer() async {
    guard let ledger, world.random.next() % 2 == 0 else { return }
    let buffer = world.random.next() % 4 == 0 ? 1 : 1_000
    do throws(LedgerFailure) {
      let events = try await ledger.events(buffer: buffer)
      let start = await ledger.statistics.sequence
      guard !isDead else { return }
      world.events = EventRecord(after: start)
      consumer = Task.detached(executorPreference: ready.taskExecutor) {
        do throws(LedgerFailure) {
          var iterator = events.makeAsyncIterator()
          while let event = try await iterator.next() {
            guard !self.isDead else { return }
            self.world.trace.mix(event.sequence)
            self.world.tally.add("events told")
            self.world.events?.add(event)
          }
        } catch {
          self.world.trace.note("  events end: \(error)")
        }
      }
    } catch {
      if !isDead { violate("nobody is told of events: \(error)") }
    }
  }

  /// Whether what the consumer of the life before was told is what the log holds.
  func compareEvents(_ storage: FaultyStorage) {
    guard var record = world.events else { return }
    record.lose(after: world.openedSequence)
    var log: [AuditEvent] = []
    var first: UInt64?
    var replay = LedgerReplay()
    _ = try? LogReader.read(storage: storage) { (frame, payload) throws(RecordRefusal) in
      var sequence = frame.firstSequence
      if frame.kind == .records { first = first ?? sequence }
      try replay.apply(
        frame, payload,
        visit: { event, time, state in
          if let event = AuditEvent(event, sequence: sequence, time: time, before: state) { log.append(event) }
          sequence += 1
        })
    }
    guard let first else { return }
    world.tally.add("event streams compared with the log")
    if let breach = record.breach(log.filter { $0.sequence <= world.openedSequence }, from: first) {
      violate(breach, ["told: \(record.told)", "log: \(log)"])
    }
  }
}

/// What one consumer was told.
struct EventRecord: Sendable {
  /// From the record after this one on.
  let after: UInt64
  private(set) var told: [AuditEvent] = []

  init(after: UInt64) {
    self.after = after
  }

  mutating func add(_ event: AuditEvent) { told.append(event) }

  /// Of events past this record the log knows nothing any more.
  mutating func lose(after sequence: UInt64) { told.removeAll { $0.sequence > sequence } }

  /// - Parameters:
  ///   - log: the events of the log's records.
  ///   - first: the first record of which the log still knows.
  func breach(_ log: [AuditEvent], from first: UInt64) -> String? {
    for (one, next) in zip(told, told.dropFirst()) where next.sequence <= one.sequence {
      return "an event is told twice, or out of its order"
    }
    var missed: [ClosedRange<UInt64>] = []
    for event in told { if case .missed(let from) = event.fact { missed.append(from...event.sequence) } }
    let whole = told.filter { if case .missed = $0.fact { false } else { true } }.filter { $0.sequence >= first }
    guard let last = told.last?.sequence else { return nil }
    let expected = log.filter { event in
      event.sequence > after && event.sequence >= first && event.sequence <= last
        && !missed.contains { $0.contains(event.sequence) }
    }
    return whole == expected ? nil : "the events that were told are not those of the log"
  }
}
