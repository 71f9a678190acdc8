/// Picks the events of one session.
struct SessionCollector: HistoryCollector {
  private(set) var history = SessionHistory()
  private let id: SessionID
  private let toldMax: Int

  init(of id: SessionID, toldMax: Int) {
    self.id = id
    self.toldMax = toldMax
  }

  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState) {
    guard case .slot(let slot, let held, _, _) = entry, held.id == id, held.isSession else { return }
    history.session = state.session(at: slot)
    history.events = [
      AuditEvent(sequence: covered, time: state.shifts.wallTime(of: state.highestTime), fact: .missed(from: 1))
    ]
    if held.status == .revoked { history.revokedAt = state.shifts.wallTime(of: held.usedAt) }
  }

  mutating func take(
    _ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState
  ) {
    switch event {
    case .opened(_, let opened, _, _, _, _):
      guard opened == id else { return }
    case .rotated(let slot, _, _), .replayed(let slot, _), .successorUsed(let slot), .reused(let slot, _, _, _),
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
    case .named, .profiled, .clockSeen, .shifted, .markEnded, .reprofiled, .oneTimeIssued, .oneTimeConsumed:
      return
    }
    if let event = AuditEvent(event, sequence: sequence, time: time, before: state) { tell(event) }
  }

  mutating func finish(_ state: borrowing LedgerState) {
    if let slot = state.table.slot(of: id), state.isOpen(slot) { history.session = state.session(at: slot) }
    cut(to: toldMax)
  }

  /// Whether the slot is the session's; remembers it as it is then.
  private mutating func note(_ slot: UInt32, in state: borrowing LedgerState) -> Bool {
    guard state.table[slot].id == id else { return false }
    if state.isOpen(slot) { history.session = state.session(at: slot) }
    return true
  }

  private mutating func tell(_ event: AuditEvent) {
    history.events.append(event)
    if history.events.count >= 2 * toldMax { cut(to: toldMax) }
  }

  /// The first event stays: it says how the session began.
  private mutating func cut(to count: Int) {
    let surplus = history.events.count - count
    guard surplus > 0 else { return }
    history.events.removeSubrange(1...surplus)
    history.omittedCount += surplus
  }
}

extension LedgerState {
  /// Whether the slot holds a session that nothing has ended, its time apart.
  func isOpen(_ slot: UInt32) -> Bool { table[slot].status == .live && !isCovered(table[slot]) }

  /// Whether a wide revocation that comes now ends the session in the slot.
  func isEnded(_ slot: UInt32, by key: MarkKey) -> Bool {
    isOpen(slot) && (key.subject == nil || key.subject == table[slot].subject)
      && (key.client == nil || key.client == client(of: slot))
  }
}
