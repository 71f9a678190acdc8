import WriteAheadLog

/// A collector of the facts that a query asks for, from a log.
protocol HistoryCollector: Sendable {
  /// Takes an entry of a checkpoint that covers the records up to `covered`, after it was added to `state`.
  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState)

  /// Takes a record, before it is applied to `state`.
  mutating func take(_ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState)

  /// Finishes after everything was read.
  mutating func finish(_ state: borrowing LedgerState)
}

/// One pass over the files of a log, within limits.
enum HistoryPass {
  static func run<Collector: HistoryCollector>(
    _ collector: inout Collector, in storage: any LogStorage, within limits: HistoryLimits
  ) throws(LogError) -> HistoryExtent {
    let deadline = ContinuousClock.now + limits.duration
    var extent = HistoryExtent(isWhole: true)
    var replay = LedgerReplay()
    do throws(LogError) {
      _ = try LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
        guard ContinuousClock.now < deadline, replay.state.table.count <= limits.entriesMax else {
          extent.isWhole = false
          throw RecordError(byteOffsetInPayload: 0, what: "enough was read")
        }
        var sequence = frame.firstSequence
        try replay.apply(
          frame, payload,
          visit: { event, time, state in
            collector.take(event, sequence: sequence, time: time, before: state)
            sequence += 1
          },
          visitEntry: { entry, state in collector.take(entry, covered: frame.firstSequence, in: state) })
        extent.recordCount += UInt64(frame.recordCount)
      }
    } catch {
      // The error is ignored if the reading was stopped on purpose.
      guard !extent.isWhole else { throw error }
    }
    collector.finish(replay.state)
    return extent
  }
}

/// A collector of the events of one session.
struct SessionCollector: HistoryCollector {
  private(set) var history = SessionHistory()
  private let id: SessionID
  private let toldMax: Int

  init(of id: SessionID, toldMax: Int) {
    self.id = id
    self.toldMax = toldMax
  }

  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState) {
    guard case .slot(let slot, let held, _, _, _) = entry, held.id == id, held.isSession else { return }
    history.session = state.session(at: slot)
    history.events = [
      AuditEvent(sequence: covered, time: state.shifts.wallTime(of: state.highestTime), fact: .missed(from: 1))
    ]
    if held.status == .revoked { history.revokedAt = state.shifts.wallTime(of: held.refreshedAt) }
  }

  mutating func take(
    _ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState
  ) {
    switch event {
    case .opened(_, let opened, _, _, _, _, _, _):
      guard opened == id else { return }
    case .rotated(let slot, _, _, _), .retried(let slot, _), .successorSeen(let slot), .reused(let slot, _, _, _),
      .revoked(let slot, _):
      guard note(slot, in: state) else { return }
    case .accessRevoked(let token, _):
      guard token.session == id else { return }
    case .revokedBefore(let key):
      guard let slot = state.table.slot(of: id), state.isEnded(slot, by: key), note(slot, in: state) else { return }
    case .expired(let slots):
      guard
        let slot = slots.first(where: { state.table[$0].id == id && state.isOpen($0) }), note(slot, in: state)
      else { return }
      let shown = state.shifts.wallTime(of: time)
      return tell(AuditEvent(sequence: sequence, time: shown, fact: .expired(sessions: 1, oneTimeTokens: 0)))
    case .named, .profiled, .clockSeen, .shifted, .markEnded, .reprofiled, .proofUsed, .oneTimeIssued,
      .oneTimeConsumed:
      return
    }
    if let event = AuditEvent(event, sequence: sequence, time: time, before: state) { tell(event) }
  }

  mutating func finish(_ state: borrowing LedgerState) {
    if let slot = state.table.slot(of: id), state.isOpen(slot) { history.session = state.session(at: slot) }
    cut(to: toldMax)
  }

  /// Checks whether the slot is the session's, and if so remembers the session as it is then.
  private mutating func note(_ slot: UInt32, in state: borrowing LedgerState) -> Bool {
    guard state.table[slot].id == id else { return false }
    if state.isOpen(slot) { history.session = state.session(at: slot) }
    return true
  }

  private mutating func tell(_ event: AuditEvent) {
    history.events.append(event)
    if history.events.count >= 2 * toldMax { cut(to: toldMax) }
  }

  /// Removes the oldest events beyond `count`, except for the first one, which tells how the session began.
  private mutating func cut(to count: Int) {
    let surplus = history.events.count - count
    guard surplus > 0 else { return }
    history.events.removeSubrange(1...surplus)
    history.omittedCount += surplus
  }
}

extension LedgerState {
  /// Checks whether the slot holds a session that nothing but its expiry can have ended.
  func isOpen(_ slot: UInt32) -> Bool { table[slot].status == .live && !isCovered(table[slot]) }

  /// Checks whether a wide revocation that comes now ends the session in the slot.
  func isEnded(_ slot: UInt32, by key: MarkKey) -> Bool {
    isOpen(slot) && (key.subject == nil || key.subject == table[slot].subject)
      && (key.client == nil || key.client == client(of: slot))
  }
}

/// A collector of the ended sessions of a subject.
struct EndedCollector: HistoryCollector {
  private(set) var ended = EndedSessions()
  private let subject: String
  private let toldMax: Int
  /// The numbers of the names that the query means.
  private var numbers: Set<UInt32> = []

  init(ofSubject subject: String, toldMax: Int) {
    self.subject = subject
    self.toldMax = toldMax
  }

  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState) {
    if case .name(let number, let text) = entry { note(number, text) }
    guard case .slot(let slot, let held, _, _, _) = entry, held.status == .revoked, numbers.contains(held.subject)
    else { return }
    let endedAt = state.shifts.wallTime(of: held.refreshedAt)
    tell(EndedSession(session: state.session(at: slot), endedAt: endedAt, end: .revoked(nil)))
  }

  mutating func take(
    _ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState
  ) {
    switch event {
    case .named(let number, let text): note(number, text)
    case .revoked(let slot, let cause): note(slot, .revoked(cause), time, state)
    case .reused(let slot, _, _, revokes: true): note(slot, .revoked(.reuse), time, state)
    case .expired(let slots):
      for slot in slots { note(slot, .expired, time, state) }
    case .revokedBefore(let key):
      for slot in numbers.sorted().flatMap({ state.bySubject.slots(of: $0) }) where state.isEnded(slot, by: key) {
        note(slot, .revokedAll(state.scope(of: key)), time, state)
      }
    default: return
    }
  }

  mutating func finish(_ state: borrowing LedgerState) {
    cut()
    ended.sessions.reverse()
  }

  /// Notes the name of a number, since a free number can be given to another name.
  private mutating func note(_ number: UInt32, _ name: String) {
    if NameForm.selects(subject, name) { numbers.insert(number) } else { numbers.remove(number) }
  }

  private mutating func note(
    _ slot: UInt32, _ end: EndedSession.End, _ time: Timestamp, _ state: borrowing LedgerState
  ) {
    guard state.isOpen(slot), numbers.contains(state.table[slot].subject) else { return }
    tell(EndedSession(session: state.session(at: slot), endedAt: state.shifts.wallTime(of: time), end: end))
  }

  private mutating func tell(_ session: EndedSession) {
    ended.sessions.append(session)
    if ended.sessions.count >= 2 * toldMax { cut() }
  }

  private mutating func cut() {
    let surplus = ended.sessions.count - toldMax
    guard surplus > 0 else { return }
    ended.sessions.removeFirst(surplus)
    ended.omittedCount += surplus
  }
}
