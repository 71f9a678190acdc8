#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// What commands and the keeper of accounts ask for, and what is waited for.
extension DatabaseWorld {
  /// Sessions that are to be brought in, each under an id that the caller knows.
  func imports(_ grants: [SessionGrant]) -> [SessionImport] {
    grants.map { SessionImport(id: SessionID(from: &random), grant: $0) }
  }

  func bring(_ batch: [SessionImport], isRepeated: Bool, at instance: ProofInstance) async {
    noteTime()
    if subjectsAreCapped { oracle.noteCap() }
    let asked = oracle.askForNew()
    let answer = await answered("an import", at: instance) { () async throws(LedgerError) in
      try await instance.ledger.importSessions(batch) { outcomes, _ in outcomes }
    }
    let known = Set(newest.map(\.id))
    guard let outcomes = answer?.value else {
      if !isRepeated { unknownOpenings += batch.count }
      return
    }
    for (item, outcome) in zip(batch, outcomes) {
      switch outcome {
      case .opened(let session):
        expect(!known.contains(item.id), "a session was brought in twice", ["\(session)"])
        if isRepeated { unknownOpenings -= 1 }
        _ = noteOpened(session, item.grant, asked)
      case .present(let session?):
        note("session present")
        expect(isRepeated, "a session is present that nobody brought in", ["\(session)"])
        expect(session.id == item.id, "another session is present than was asked for", ["\(session)"])
      case .present(nil): expect(subjectsAreCapped, "a session that was brought in has ended by itself", ["\(item)"])
      }
    }
  }

  /// Ends a subject's sessions that were opened under another version, which are `outdated`.
  func endOutdated(
    ofSubject subject: String, under version: AccountVersion, _ outdated: Set<SessionID>, at instance: ProofInstance
  ) async {
    let numbers = newest.indices.filter { outdated.contains(newest[$0].id) }
    let questions = numbers.map { ask($0, .revoke) }
    let answer = await answered(
      "the end of outdated sessions", at: instance,
      withdraw: { for question in questions { oracle.withdraw(question) } }
    ) { () async throws(LedgerError) in
      try await instance.ledger.revoke(subject: subject, openedUnderOtherThan: version, orBefore: nil)
    }
    guard let ended = answer?.value else { return }
    note("outdated sessions ended")
    expect(Set(ended).count == ended.count, "a session is ended twice", ["\(ended)"])
    expect(outdated.isSuperset(of: ended), "sessions were ended that are not outdated", ["\(ended)"])
    for (number, question) in zip(numbers, questions) {
      oracle.answer(question, .revocation(ended.contains(newest[number].id)))
    }
  }

  /// The fence consumes every one-time token, and tells nobody.
  func expectEndOfOneTimeTokens() {
    noteTime()
    for number in oracle.oneTimeTokens.indices where !oracle.oneTimeTokens[number].isFull {
      _ = oracle.ask(.oneTime(number), .consume(purpose: oracle.oneTimeTokens[number].facts.grant.purpose))
    }
  }

  func answer(_ question: HistoryOracle.Question, _ outcome: TimedCall.Outcome) { oracle.answer(question, outcome) }

  /// Waits for what an instance does by itself.
  func wait(_ complaint: String, until isSo: @Sendable () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !isSo() {
      guard ContinuousClock.now < deadline else { return violate(complaint) }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}
#endif
