/// Looking without changing anything.
extension LedgerMachine {
  /// The session if it is live now.
  package func session(_ id: SessionID) -> Staged<Session?> {
    let now = now()
    guard let slot = state.table.slot(of: id), state.isUsable(slot, at: now) else { return staged(nil, at: now) }
    return staged(state.session(at: slot), at: now)
  }

  /// See ``RefreshLedger/sessions(of:after:limit:)``.
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

  package func holders() -> SessionHolders {
    let now = now()
    var clients: [SessionHolders.ClientHolding] = []
    for number in 0..<UInt32(state.profiles.values.count) {
      guard let profile = state.profiles[number], let name = state.names[profile.client] else { continue }
      var next = state.byProfile.first(of: number)
      // A list is in the order of openings.
      while let slot = next, !state.isUsable(slot, at: now) { next = state.byProfile.next(after: slot) }
      guard let slot = next else { continue }
      clients.append(
        SessionHolders.ClientHolding(
          client: name, version: profile.clientVersion, firstOpening: state.table[slot].openedAt))
    }
    var subjects: [String] = []
    for number in 0..<UInt32(state.names.values.count) where state.bySubject.count(of: number) > 0 {
      if let name = state.names[number] { subjects.append(name) }
    }
    return SessionHolders(subjects: subjects, clients: clients)
  }
}
