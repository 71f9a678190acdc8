#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// The parts that are about what stands beside sessions: records, events, figures, upkeep.
extension DatabaseScript {
  func records() async {
    let (records, name) = (instance.ledger.records, prefix + "ann")
    let made = await answer("record made") { () async throws(LedgerError) in
      try await records.put(.user, name, [1], expecting: nil)
    }
    let taken = await answer("record refused") { () async throws(LedgerError) in
      try await records.put(.user, name, [9], expecting: nil)
    }
    if let taken { await world.expect(made == nil || taken == nil, "a record is made in place of another") }
    guard case .some(.some(let change)) = made else { return }
    let replaced = await answer("record replaced") { () async throws(LedgerError) in
      try await records.put(.user, name, [2, 3], expecting: change)
    }
    if let replaced { await world.expect((replaced ?? 0) > change, "a record was not replaced: \(replaced ?? 0)") }
    guard let found = await known(.user, name) else { return }
    let body = found?.body ?? []
    await world.expect(
      body == [2, 3] || replaced == nil && body == [1], "a record has another body than it was given", ["\(body)"])
    let all = await answer("records read") { () async throws(LedgerError) in
      try await records.records(.user, after: change - 1)
    }
    if let all, let found {
      await world.expect(all.records.contains(found), "a record is not among all of them", ["\(all)"])
    }
    for isThere in [true, false] {
      guard let last = found?.change else { return }
      let removed = await answer("record removed") { () async throws(LedgerError) in
        try await records.remove(.user, name, expecting: last)
      }
      guard let removed else { return }
      // One that is asked again cannot tell its own removal from another's.
      await world.expect(removed || !isThere, "the removal of a record that is there says \(removed)")
    }
  }

  /// What a record is: nil if nobody says, nil in that if there is none.
  func known(_ kind: SharedRecord.Kind, _ name: String) async -> SharedRecord?? {
    await answer("record read") { () async throws(LedgerError) in
      try await instance.ledger.records.record(kind, name)
    }
  }

  func issuer() async {
    var before: LedgerTerms?
    for policy in ["first", "second"] {
      let terms = await answer("terms exchanged") { () async throws(LedgerError) in
        try await instance.ledger.exchangeTerms(issuer: "https://issuer.test", policy: prefix + policy)
      }
      if let terms, let before {
        // A retry finds what the try before it wrote.
        await world.expect(
          terms == before || terms.policy == prefix + policy, "the terms of before are not told", ["\(terms)"])
      }
      before = terms == nil ? nil : LedgerTerms(issuer: "https://issuer.test", policy: prefix + policy)
    }
  }

  /// Two events of a session, from a place before them.
  func events() async {
    let ledger = instance.ledger
    guard let number = await open("told") else { return }
    let first = await world.newest[number]
    guard case .rotated(let session)? = await rotate(number) else { return }
    let stream = await answer("stream begun") { () async throws(LedgerError) in try await ledger.events(after: 0) }
    guard let stream else { return }
    let told = await answer("events told") { () async throws(LedgerError) in
      var told: [AuditEvent.Fact] = []
      for try await event in stream {
        if event.fact.isOf(session.id) { told.append(event.fact) }
        if told.count == 2 { break }
      }
      return told
    }
    let expected: [AuditEvent.Fact] = [
      .opened(
        first.tokenID, subject: first.subject, client: first.client, scope: first.scope, label: first.label),
      .rotated(session.tokenID, subject: first.subject, client: first.client),
    ]
    if let told { await world.expect(told == expected, "a session's events are not told", ["\(told)"]) }
    _ = await answer("stream begun now") { () async throws(LedgerError) in try await ledger.events() }
  }

  func history() async {
    let ledger = instance.ledger
    guard let number = await open("past"), let kept = await open("past") else { return }
    await rotate(number)
    await rotate(kept)
    await world.revoke(number, at: instance)
    let id = await world.newest[number].id
    let history = await answer("history read") { () async throws(LedgerError) in
      try await ledger.history(of: id, within: HistoryLimits())
    }
    if let history, await world.hasEnded[number] {
      await world.expect(
        (2...3).contains(history?.events.count ?? 0), "a history is not whole", ["\(history?.events ?? [])"])
    }
    let ended = await answer("ended sessions read") { () async throws(LedgerError) in
      try await ledger.endedSessions(ofSubject: prefix + "past", within: HistoryLimits())
    }
    if let ended, await world.hasEnded[number] {
      await world.expect(
        ended?.sessions.count == 1, "the ended sessions of a subject are not one", ["\(ended?.sessions ?? [])"])
    }
  }

  func figures() async {
    // They are those of before where the database does not answer.
    let statistics = await instance.ledger.statistics
    await world.note("figures read")
    await world.expect(statistics.liveSessions >= 0, "the figures count \(statistics.liveSessions) sessions")
  }

  func upkeep() async {
    let ledger = instance.ledger
    let kept = await open("kept")
    _ = await open("swept", Self.shortLifetimes)
    await world.pass(milliseconds: 10 * 60_000)
    for _ in 0..<2 {
      _ = await answer("swept") { () async throws(LedgerError) in try await ledger.upkeep.sweep() }
    }
    _ = await answer("partitions kept") { () async throws(LedgerError) in try await ledger.upkeep.keepPartitions() }
    await rotate(kept)
  }

  /// Ends all there is, as after a restore: an operator's call, on an instance that may serve what lacks something.
  func fence() async {
    let ledger = instance.ledger
    let ended = await open("fenced")
    let grant = OneTimeGrant(purpose: "reset", subject: prefix + "ann", payload: [], lifetimeMilliseconds: 60_000)
    let token = await world.issue(grant, at: instance)
    await world.expectEndOfOneTimeTokens()
    _ = await world.endAll(of: .all, at: instance, tellsAtOnce: false) { () async throws(LedgerError) in
      try await ledger.perform { (connection, _, deadline) throws(DatabaseError) in
        try LedgerFence.run(connection, deadline: deadline).endedSessions
      }
    }
    await rotate(ended)
    if let token { await world.consume(token, purpose: "reset", at: instance) }
    await rotate(await open("later"))
  }
}

extension AuditEvent.Fact {
  func isOf(_ id: SessionID) -> Bool {
    switch self {
    case .opened(let token, _, _, _, _), .rotated(let token, _, _): token.session == id
    default: false
    }
  }
}
#endif
