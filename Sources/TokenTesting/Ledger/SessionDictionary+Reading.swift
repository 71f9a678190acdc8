internal import RotationModel

/// The queries, and the calls of verifiers.
extension SessionDictionary {
  func session(_ id: SessionID) -> Decided<Session?> {
    let now = time.now()
    guard let entry = sessions[id], isUsable(entry, at: now) else { return decided(nil, at: now) }
    return decided(session(id, entry), at: now)
  }

  /// Returns a page of sessions.
  ///
  /// A cursor is the number of the opening of the last session on the page before, so that its position is never lost.
  func page(
    of scope: SessionScope, after cursor: SessionCursor?, limit: Int
  ) throws(LedgerError) -> Decided<SessionPage> {
    let now = time.now()
    let place = cursor.flatMap { Int($0.text) } ?? 0
    guard cursor == nil || (1...max(1, lastOpening)).contains(place) else {
      throw .invalid(field: "after", limit: "what a page before said; list from the beginning")
    }
    let rest = usable(in: scope, at: now).filter { $0.entry.number > place }
    let shown = rest.prefix(limit)
    var page = SessionPage(sessions: shown.map { session($0.id, $0.entry) })
    if shown.count < rest.count, let last = shown.last {
      page.next = SessionCursor(text: String(last.entry.number))
    }
    return decided(page, at: now)
  }

  func count(of scope: SessionScope) -> Decided<Int> {
    let now = time.now()
    return decided(usable(in: scope, at: now).count, at: now)
  }

  func holders() -> Decided<SessionHolders> {
    let now = time.now()
    var holders = SessionHolders(subjects: [], clients: [])
    for (_, entry) in usable(in: .all, at: now) {
      let grant = entry.grant
      if !holders.subjects.contains(grant.subject) { holders.subjects.append(grant.subject) }
      let isKnown = holders.clients.contains { $0.client == grant.client && $0.version == grant.clientVersion }
      // The sessions are in the order of their openings, so the first one is the oldest.
      if isKnown { continue }
      holders.clients.append(
        SessionHolders.ClientHolding(
          client: grant.client, version: grant.clientVersion, firstOpening: entry.openedAt))
    }
    return decided(holders, at: now)
  }

  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    if revokedSessions.contains(token.session) || revokedTokens[token] != nil { return true }
    guard let number = openings[token.session] else {
      return isMarked(subject: subject, client: client, issuedAt: issuedAt)
    }
    return marks.contains { scope, mark in
      number <= mark.openings && scope.contains(subject: subject, client: client)
    }
  }

  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    marks.contains { scope, mark in
      issuedAt.multipliedReportingOverflow(by: 1000).partialValue < mark.time.milliseconds
        && scope.contains(subject: subject, client: client)
    }
  }

  mutating func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp) {
    let age = now.seconds.subtractingReportingOverflow(issuedAt).partialValue
    guard now < windowsOpenUntil, token.generation > 0, age <= RotationRequest.graceMillisecondsMax / 1000 else {
      return
    }
    seenTokens.insert(token)
  }
}
