internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// A consumer of events, who hears of one life.
extension SimulatedLife {
  func startConsumer() async {
    guard let ledger, world.random.next() % 2 == 0 else { return }
    let buffer = world.random.next() % 4 == 0 ? 1 : 1_000
    do throws(LedgerError) {
      let events = try await ledger.events(buffer: buffer)
      let start = await ledger.statistics.sequence
      guard !isDead else { return }
      world.events = EventRecord(after: start)
      consumer = Task.detached(executorPreference: ready.taskExecutor) {
        do throws(LedgerError) {
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
  func compareEvents(_ storage: FakeStorage) {
    guard var record = world.events else { return }
    record.lose(after: world.openedSequence)
    var log: [AuditEvent] = []
    var first: UInt64?
    var replay = LedgerReplay()
    _ = try? LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
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
