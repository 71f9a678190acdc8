/// Looking at sessions. An answer waits, as any other, until what it rests on is durable.
extension RefreshLedger {
  /// The session if it is live now.
  public nonisolated func session(_ id: SessionID) async throws(LedgerFailure) -> Session? {
    let staged = await look { state, now in
      state.table.slot(of: id).flatMap { state.isUsable($0, at: now) ? state.session(at: $0) : nil }
    }
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// The live sessions of a subject, a client, both, or all, in pages.
  ///
  /// Costs a look at each session of the page, and not at those of others; with `all`, at each slot. A session that is opened meanwhile
  /// may be left out.
  /// - Parameters:
  ///   - cursor: ``SessionPage/next`` of the page before.
  ///   - limit: the most sessions in the page, 1 to ``pageMax``.
  /// - Throws: `LedgerFailure.invalid` with the field `after` where the session that the cursor names is not live any more and
  ///   nothing else tells the place: begin anew.
  public nonisolated func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(LedgerFailure) -> SessionPage {
    guard (1...Self.pageMax).contains(limit) else { throw .invalid(field: "limit", limit: "from 1 to \(Self.pageMax)") }
    if !scope.isKept { try await check(scope) }
    let spellings = otherSpellings
    let staged = await look { state, now in
      state.page(of: state.scopes(meantBy: scope, spellings), after: cursor, limit: limit, at: now)
    }
    try await durable(through: staged.sequence)
    guard let page = staged.outcome else {
      throw .invalid(field: "after", limit: "a session that is still live; list from the beginning")
    }
    return page
  }

  public static let pageMax = 1000

  /// How many sessions a scope has: at once, from a counter. Those that ended since the last sweep, or by a wide revocation
  /// whose sweep has not passed, are counted too.
  public func sessionCount(of scope: SessionScope) -> Int {
    state.scopes(meantBy: scope, otherSpellings).reduce(0) { $0 + state.sessionCount(of: $1) }
  }

  /// Who has sessions. Of subjects as counters say at once: those whose sessions ended since the last sweep are counted too. Costs a look at each
  /// name and profile, and at the sessions that a wide revocation has ended and the sweep has not reached.
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
    let subjects = (0..<UInt32(state.names.values.count)).filter { state.bySubject.count(of: $0) > 0 }
    return SessionHolders(subjects: subjects.compactMap { state.names[$0] }, clients: clients)
  }

  private func look<Outcome>(
    _ body: (borrowing LedgerState, Timestamp) -> Outcome
  ) -> Staged<Outcome> {
    let now = now()
    return Staged(outcome: body(state, now), sequence: sequence, time: now)
  }
}

extension LedgerState {
  fileprivate func sessionCount(of scope: SessionScope) -> Int {
    guard let key = key(of: scope) else { return 0 }
    switch key {
    case .all: return liveSessionCount
    case .subject(let subject): return bySubject.count(of: subject)
    case .client(let client): return profiles(of: client).reduce(0) { $0 + byProfile.count(of: $1) }
    case .subjectAtClient(let subject, let client):
      return bySubject.slots(of: subject).reduce(0) { $0 + (self.client(of: $1) == client ? 1 : 0) }
    }
  }

  /// The most slots that one page looks at.
  private static let looksMax = 65_536

  /// Nil where the cursor's place is lost.
  func page(of scope: SessionScope, after cursor: SessionCursor?, limit: Int, at now: Timestamp) -> SessionPage? {
    guard let key = key(of: scope) else { return SessionPage(sessions: []) }
    if let cursor, key != .all {
      guard Int(cursor.slot) < table.slotCount, table[cursor.slot].status == .live,
        table[cursor.slot].id == cursor.session, holds(key, cursor.slot)
      else { return nil }
    }
    var page = SessionPage(sessions: [])
    var looks = 0
    var next = slot(of: key, after: cursor?.slot)
    while let slot = next {
      looks += 1
      if isUsable(slot, at: now), key.client == nil || key.client == client(of: slot) {
        page.sessions.append(session(at: slot))
      }
      next = self.slot(of: key, after: slot)
      if next != nil, looks == Self.looksMax || page.sessions.count == limit {
        page.next = SessionCursor(slot: slot, session: table[slot].id)
        return page
      }
    }
    return page
  }

  /// The slot to look at after another, or the first.
  private func slot(of key: MarkKey, after slot: UInt32?) -> UInt32? {
    switch key {
    case .all:
      // A cursor may come from anywhere.
      let next = slot.map { Int($0) + 1 } ?? 0
      return next < table.slotCount ? UInt32(next) : nil
    case .subject(let subject), .subjectAtClient(let subject, _):
      guard let slot else { return bySubject.first(of: subject) }
      return bySubject.next(after: slot)
    case .client(let client):
      if let slot, let next = byProfile.next(after: slot) { return next }
      let after = slot.map { table[$0].detail + 1 } ?? 0
      return (after..<max(after, UInt32(profiles.values.count))).lazy.filter { profiles[$0]?.client == client }
        .compactMap { byProfile.first(of: $0) }.first
    }
  }

  /// Whether the key names the session in the slot.
  private func holds(_ key: MarkKey, _ slot: UInt32) -> Bool {
    (key.subject == nil || key.subject == table[slot].subject) && (key.client == nil || key.client == client(of: slot))
  }

  /// The numbers of a client's profiles, rising.
  func profiles(of client: UInt32) -> [UInt32] {
    (0..<UInt32(profiles.values.count)).filter { profiles[$0]?.client == client }
  }

  func client(of slot: UInt32) -> UInt32? { profiles[table[slot].detail]?.client }
}
