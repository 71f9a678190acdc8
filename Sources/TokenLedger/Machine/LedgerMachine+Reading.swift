/// Queries, which change nothing.
extension LedgerMachine {
  /// Returns the session if it is live now.
  package func session(_ id: SessionID) -> Staged<Session?> {
    let now = now()
    guard let slot = state.table.slot(of: id), state.isUsable(slot, at: now) else { return staged(nil, at: now) }
    return staged(state.session(at: slot), at: now)
  }

  /// Returns a page of sessions; see ``RefreshLedger/sessions(of:after:limit:)``.
  package func page(
    of scope: SessionScope, after cursor: SessionCursor?, limit: Int
  ) throws(LedgerError) -> Staged<SessionPage> {
    if !scope.isKept { try check(scope) }
    let now = now()
    let place = cursor.flatMap { SlotCursor($0) }
    let scopes = state.scopes(meantBy: scope, otherSpellings)
    guard cursor == nil || place != nil, let page = state.page(of: scopes, after: place, limit: limit, at: now) else {
      throw .invalid(field: "after", limit: "a session that is still live; list from the beginning")
    }
    return staged(page, at: now)
  }

  package func sessionCount(of scope: SessionScope) -> Int {
    var count = 0
    for scope in state.scopes(meantBy: scope, otherSpellings) { count += state.sessionCount(of: scope) }
    return count
  }

  /// Returns the holders of live sessions in one step's slots from `slot` on, and the slot to continue from, or nil at
  /// the end.
  func holders(from slot: Int) -> (holders: SessionHolders, next: Int?) {
    var holders = SessionHolders(subjects: [], clients: [])
    guard slot < state.table.slotCount else { return (holders, nil) }
    let now = now()
    let end = min(slot + Self.countedPerStep, state.table.slotCount)
    var subjects: Set<UInt32> = []
    var openings: [UInt32: Timestamp] = [:]
    for slot in UInt32(slot)..<UInt32(end) where state.isUsable(slot, at: now) {
      let entry = state.table[slot]
      subjects.insert(entry.subject)
      openings[entry.detail] = min(entry.openedAt, openings[entry.detail] ?? .distantFuture)
    }
    // Names are returned, since the numbers can stand for others at the next step.
    holders.subjects = subjects.map { state.name($0) }
    for (number, opening) in openings {
      guard let profile = state.profiles[number] else { continue }
      holders.clients.append(
        SessionHolders.ClientHolding(
          client: state.name(profile.client), version: profile.clientVersion, firstOpening: opening))
    }
    return (holders, end < state.table.slotCount ? end : nil)
  }
}
