#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// What callers ask of many sessions at once, of single access tokens and of one-time tokens.
extension DatabaseWorld {
  @discardableResult
  func revoke(_ scope: SessionScope, at instance: ProofInstance) async -> Int? {
    await endAll(of: scope, at: instance) { () async throws(LedgerError) in try await instance.ledger.revoke(scope) }
  }

  /// Ends the sessions of a scope by `end`, which returns nil if it ended none.
  ///
  /// `tellsAtOnce` is true if the instance's own verifiers know of it before it is answered.
  func endAll(
    of scope: SessionScope, at instance: ProofInstance, tellsAtOnce: Bool = true,
    _ end: @Sendable () async throws(LedgerError) -> Int?
  ) async -> Int? {
    noteTime()
    guard let asked = oracle.askForRevocation(of: scope) else { return nil }
    let answer = await answered(
      "a wide revocation", at: instance, withdraw: { oracle.withdrawRevocation(asked) }, end)
    guard let answer else { return nil }
    guard let count = answer.value else {
      oracle.withdrawRevocation(asked)
      return nil
    }
    note("wide revocation")
    oracle.answerRevocation(asked)
    for question in oracle.wideRevocations[asked].questions {
      guard case .session(let number) = question.subject else { continue }
      hasEnded[number] = true
      guard tellsAtOnce, newest[number].refreshedAt.milliseconds <= question.knownTime else { continue }
      expectRefusal(number, at: instance)
    }
    return count
  }

  func revokeAccess(of number: Int, at instance: ProofInstance) async {
    let session = newest[number]
    let end = session.refreshedAt.advanced(byMilliseconds: 600_000)
    _ = oracle.askForAccessRevocation(of: session, until: end.milliseconds)
    let answer = await answered("the end of an access token", at: instance) { () async throws(LedgerError) in
      try await instance.ledger.revokeAccess(session.tokenID, until: end)
    }
    guard answer != nil else { return }
    note("access token revoked")
    expect(isRefused(session, at: instance), "an access token is accepted after its end was answered", ["\(session)"])
  }

  // MARK: - One-time tokens

  /// Returns the token's number.
  func issue(_ grant: OneTimeGrant, at instance: ProofInstance) async -> Int? {
    noteTime()
    let asked = oracle.askForNew()
    let answer = await answered("an issue", at: instance) { () async throws(LedgerError) in
      try await instance.ledger.issue(grant) { id, _ in id }
    }
    guard let id = answer?.value else { return nil }
    note("one-time token issued")
    oracle.issued(id, for: grant, asked: asked)
    return oracle.oneTimeTokens.count - 1
  }

  func consume(_ number: Int, purpose: String, at instance: ProofInstance) async {
    guard !oracle.oneTimeTokens[number].isFull else { return }
    let id = oracle.oneTimeIDs[number]
    noteTime()
    let question = oracle.ask(.oneTime(number), .consume(purpose: purpose))
    let answer = await answered(
      "a consumption", at: instance, withdraw: { oracle.withdraw(question) }
    ) { () async throws(LedgerError) in
      try await instance.ledger.consume(id, purpose: purpose)
    }
    guard let answer else { return }
    switch answer.value {
    case .consumed: note("one-time token consumed")
    case .refused(let refusal): note("one-time token refused: \(refusal)")
    }
    oracle.answer(question, .consumption(answer.value))
  }

  // MARK: - What must be there

  /// The sessions of a scope that are live for certain, and those that can be, while nothing else goes on.
  func live(_ scope: SessionScope) -> (certain: Set<SessionID>, possible: Set<SessionID>) {
    judge()
    var (certain, possible): (Set<SessionID>, Set<SessionID>) = ([], [])
    for session in oracle.sessions where session.facts.opened.isOf(scope) {
      let live = session.states.filter { $0.isUsable && $0.endTo(session.facts) > oracle.highestTime }
      if !live.isEmpty { possible.insert(session.facts.opened.id) }
      if live.count == session.states.count { certain.insert(session.facts.opened.id) }
    }
    return (certain, possible)
  }

  /// Whether a list can be that of the live sessions of a scope.
  func expect(_ listed: [SessionID], are scope: SessionScope) {
    let (certain, possible) = live(scope)
    let strangers = Set(listed).subtracting(possible)
    let known = Set(newest.map(\.id))
    expect(
      Set(listed).count == listed.count && certain.isSubset(of: listed) && strangers.isDisjoint(with: known)
        && strangers.count <= unknownOpenings,
      "a listing is not the live sessions of its scope",
      ["\(scope): \(listed)", "certain \(certain)", "possible \(possible)"])
  }

  func expect(_ count: Int, are scope: SessionScope) {
    let (certain, possible) = live(scope)
    let range = certain.count...(possible.count + unknownOpenings)
    expect(range.contains(count), "\(count) sessions are counted of \(scope), and \(range) can be live")
  }
}
#endif
