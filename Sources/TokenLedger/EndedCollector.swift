/// Picks the sessions of a subject that have ended.
struct EndedCollector: HistoryCollector {
  private(set) var ended = EndedSessions()
  private let subject: String
  private let toldMax: Int
  /// The numbers of the names that are meant.
  private var numbers: Set<UInt32> = []

  init(ofSubject subject: String, toldMax: Int) {
    self.subject = subject
    self.toldMax = toldMax
  }

  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState) {
    if case .name(let number, let text) = entry { note(number, text) }
    guard case .slot(let slot, let held, _, _) = entry, held.status == .revoked, numbers.contains(held.subject)
    else { return }
    let endedAt = state.shifts.wallTime(of: held.usedAt)
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

  /// A number that is free may be given to another name.
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
