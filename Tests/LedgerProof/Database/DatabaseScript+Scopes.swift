#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// The parts that are about many sessions at once, access tokens and one-time tokens.
extension DatabaseScript {
  func subjects() async {
    for client in ["web", "app", "app"] { _ = await open("subject", client: client) }
    let subject = prefix + "subject"
    for scope in [SessionScope.subjectAtClient(subject: subject, client: prefix + "app"), .subject(subject)] {
      await end(scope)
    }
    if let number = await open("subject") { await expectAccepted(number) }
  }

  func marks() async {
    for scope in [SessionScope.client(prefix + "web"), .all] {
      let ended = await open("marked")
      _ = await open("marked", client: "app")
      await end(scope)
      await rotate(ended)
      // In the second of the mark.
      if let number = await open("later") {
        await expectAccepted(number)
        await rotate(number)
      }
    }
  }

  private func end(_ scope: SessionScope) async {
    let (certain, possible) = await world.live(scope)
    let strays = await world.unknownOpenings
    guard let count = await world.revoke(scope, at: instance) else { return }
    await world.expect(
      (certain.count...(possible.count + strays)).contains(count),
      "\(count) sessions of \(scope) were ended, and \(certain.count) to \(possible.count + strays) were live")
  }

  private func expectAccepted(_ number: Int) async {
    let session = await world.newest[number]
    await world.expect(
      !world.isRefused(session, at: instance), "an access token of after a revocation is refused", ["\(session)"])
  }

  func replacedClient() async {
    let (records, client) = (instance.ledger.records, prefix + "gone")
    _ = await open("before", client: "gone")
    let change = await answer("record made") { () async throws(LedgerError) in
      try await records.put(.client, client, [1], expecting: nil)
    }
    let after = await open("after", client: "gone")
    let page = await answer("openings of a client listed") { () async throws(LedgerError) in
      try await instance.ledger.openings(ofClient: client, after: nil)
    }
    if let page { await world.expect(page.map(\.session), are: .client(client)) }
    guard after != nil, let change = change ?? nil else { return }
    // A session was opened since the client was replaced: what is to be done is not done wholesale.
    await endReplaced(client, isDone: false)
    _ = await answer("record removed") { () async throws(LedgerError) in
      try await records.remove(.client, client, expecting: change)
    }
    if await known(.client, client) == .some(nil) { await endReplaced(client, isDone: true) }
  }

  private func endReplaced(_ client: String, isDone: Bool) async {
    let count = await world.endAll(of: .client(client), at: instance) { () async throws(LedgerError) in
      try await instance.ledger.revoke(goneClient: client)
    }
    if count != nil { await world.expect(isDone, "sessions of a client that was replaced were ended wholesale") }
  }

  func accounts() async {
    var outdated: Set<SessionID> = []
    for version in ["1", "2", "1"] {
      guard let number = await open("account", version: AccountVersion(version)) else { return }
      if version == "1" { outdated.insert(await world.newest[number].id) }
    }
    await world.endOutdated(
      ofSubject: prefix + "account", under: AccountVersion("2"), outdated, at: instance)
  }

  func access() async {
    if let number = await open("access") { await world.revokeAccess(of: number, at: instance) }
    let now = instance.ledger.now()
    let issued = await answer("access token issued") { () async throws(LedgerError) in
      try await instance.ledger.issueAccess(client: prefix + "web", accessMilliseconds: 900_000)
    }
    if let issued {
      await world.expect(issued.moment.time >= now, "an access token is issued in the past", ["\(issued.moment)"])
    }
  }

  func oneTime() async {
    for isConsumed in [true, false] {
      let grant = OneTimeGrant(
        purpose: "reset", subject: prefix + "ann", payload: [1, 2, 3], lifetimeMilliseconds: 60_000)
      guard let number = await world.issue(grant, at: instance) else { continue }
      await world.consume(number, purpose: "invite", at: instance)
      if !isConsumed { await world.pass(milliseconds: 61_000) }
      for _ in 0..<2 { await world.consume(number, purpose: "reset", at: instance) }
    }
  }

  func listings() async {
    for client in ["web", "app", "web"] { _ = await open("listed", client: client) }
    let (ledger, scopes) = (
      instance.ledger, [SessionScope.subject(prefix + "listed"), .client(prefix + "app"), .all]
    )
    for scope in scopes {
      var (listed, cursor): ([SessionID], SessionCursor?) = ([], nil)
      var isWhole = true
      repeat {
        let after = cursor
        let page = await answer("page listed") { () async throws(LedgerError) in
          try await ledger.sessions(of: scope, after: after, limit: 2)
        }
        isWhole = isWhole && page != nil
        listed += page?.sessions.map(\.id) ?? []
        cursor = page?.next
      } while cursor != nil
      if isWhole { await world.expect(listed, are: scope) }
      let count = await answer("sessions counted") { () async throws(LedgerError) in
        try await ledger.sessionCount(of: scope)
      }
      if let count { await world.expect(count, are: scope) }
    }
    let holders = await answer("holders listed") { () async throws(LedgerError) in try await ledger.holders() }
    if let holders {
      await world.expect(
        holders.subjects.contains(prefix + "listed"), "a subject with sessions is none of the holders", ["\(holders)"])
    }
  }
}
#endif
