/// The listing of sessions, page by page, and their counts.
extension LedgerState {
  func sessionCount(of scope: SessionScope) -> Int {
    guard let key = key(of: scope) else { return 0 }
    switch key {
    case .all: return liveSessionCount
    case .subject(let subject): return bySubject.count(of: subject)
    case .client(let client): return profiles(of: client).reduce(0) { $0 + byProfile.count(of: $1) }
    case .subjectAtClient(let subject, let client):
      return bySubject.slots(of: subject).reduce(0) { $0 + (self.client(of: $1) == client ? 1 : 0) }
    }
  }

  /// The most slots that one page visits.
  private static let looksMax = 65_536

  /// Returns a page of sessions, or nil if the position of the cursor is lost.
  func page(of scope: SessionScope, after cursor: SlotCursor?, limit: Int, at now: Timestamp) -> SessionPage? {
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
        page.next = SlotCursor(slot: slot, session: table[slot].id).text
        return page
      }
    }
    return page
  }

  /// Returns the slot to visit after another, or the first one.
  private func slot(of key: MarkKey, after slot: UInt32?) -> UInt32? {
    switch key {
    case .all:
      // A cursor can come from anywhere, so its slot can be any number.
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

  /// Checks whether the key names the session in the slot.
  private func holds(_ key: MarkKey, _ slot: UInt32) -> Bool {
    (key.subject == nil || key.subject == table[slot].subject) && (key.client == nil || key.client == client(of: slot))
  }

  /// Returns the numbers of a client's profiles in ascending order.
  func profiles(of client: UInt32) -> [UInt32] {
    (0..<UInt32(profiles.values.count)).filter { profiles[$0]?.client == client }
  }

  func client(of slot: UInt32) -> UInt32? { profiles[table[slot].detail]?.client }

  /// Checks whether a slot holds a live session of a key's subject and client.
  func isLive(_ slot: UInt32, _ key: MarkKey, at now: Timestamp) -> Bool {
    guard isUsable(slot, at: now) else { return false }
    return (key.subject == nil || key.subject == table[slot].subject)
      && (key.client == nil || key.client == client(of: slot))
  }

  /// Returns a page of the sessions of several disjoint scopes, one scope after another, or nil if the position of the
  /// cursor is lost.
  func page(
    of scopes: [SessionScope], after cursor: SlotCursor?, limit: Int, at now: Timestamp
  ) -> SessionPage? {
    if scopes.count == 1 { return page(of: scopes[0], after: cursor, limit: limit, at: now) }
    var page = SessionPage(sessions: [])
    var rest = scopes.filter { key(of: $0) != nil }[...]
    guard !rest.isEmpty else { return page }
    if let cursor {
      rest = rest.drop { self.page(of: $0, after: cursor, limit: 1, at: now) == nil }
      guard !rest.isEmpty else { return nil }
    }
    var cursor = cursor
    while let scope = rest.popFirst() {
      let most = limit - page.sessions.count
      guard let part = self.page(of: scope, after: cursor, limit: most, at: now) else { return nil }
      page.sessions += part.sessions
      page.next = part.next
      if page.next == nil, page.sessions.count == limit, !rest.isEmpty {
        page.next = page.sessions.last.flatMap { last in
          table.slot(of: last.id).map { SlotCursor(slot: $0, session: last.id).text }
        }
      }
      if page.next != nil { return page }
      cursor = nil
    }
    return page
  }
}
