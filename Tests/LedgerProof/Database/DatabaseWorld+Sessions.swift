#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// What callers ask of single sessions, and what is noted of the answers.
extension DatabaseWorld {
  /// Returns the session's number.
  func open(_ grant: SessionGrant, at instance: ProofInstance) async -> Int? {
    await open([grant], at: instance)?.first
  }

  /// Opens them in one step.
  func open(_ grants: [SessionGrant], at instance: ProofInstance) async -> [Int]? {
    noteTime()
    if subjectsAreCapped { oracle.noteCap() }
    let asked = oracle.askForNew()
    let answer = await answered("an opening", at: instance, mayLose: true) { () async throws(LedgerError) in
      if grants.count == 1 {
        return try await instance.ledger.open(grants[0], deadline: nil) { session, _ in [session] }
      }
      return try await instance.ledger.open(grants, deadline: nil) { sessions, _ in sessions }
    }
    guard let sessions = answer?.value else {
      unknownOpenings += grants.count
      return nil
    }
    expect(Set(sessions.map(\.openedAt)).count == 1, "a batch of openings is not one step", ["\(sessions)"])
    return zip(sessions, grants).map { session, grant in noteOpened(session, grant, asked) }
  }

  func noteOpened(_ session: Session, _ grant: SessionGrant, _ asked: (invoked: Int, knownTime: Int64)) -> Int {
    note("opened")
    oracle.opened(session, for: grant, asked: asked)
    let number = oracle.sessions.count - 1
    oracle.noteOverlaps(of: number, opened: asked.invoked, subjectsAreCapped: subjectsAreCapped)
    newest.append(session)
    newestGraces.append(0)
    hasEnded.append(false)
    return number
  }

  /// Checks whether the history has room for so many more presentations, each of which can be tried twice.
  ///
  /// Any presentation of a token that is never consumed may have been the one before another: only few are made at a
  /// time, or the possible orders are too many.
  func mayPresent(_ number: Int, _ count: Int) -> Bool {
    let session = oracle.sessions[number]
    return session.hasRoom(for: 2 * (count + session.openCount))
      && (session.facts.terms.rotation == .always || session.openCount < 4)
  }

  @discardableResult
  func rotate(_ number: Int, _ request: RotationRequest, at instance: ProofInstance) async -> Rotation? {
    guard mayPresent(number, 1) else { return nil }
    let question = ask(number, .rotate(request))
    let answer = await answered(
      "a refresh of session \(number)", at: instance, withdraw: { oracle.withdraw(question) }
    ) { () async throws(LedgerError) in
      try await instance.ledger.rotate(request, deadline: nil) { rotation, _ in rotation }
    }
    guard let answer else { return nil }
    take(answer.value, of: number, request, question, mayBeRetried: answer.mayBeRetried, at: instance)
    return answer.value
  }

  /// Presents them in one call, in their order.
  func rotate(_ batch: [(number: Int, request: RotationRequest)], at instance: ProofInstance) async {
    let questions = batch.map { ask($0.number, .rotate($0.request)) }
    let requests = batch.map(\.request)
    let answer = await answered(
      "a batch of refreshes", at: instance, withdraw: { for question in questions { oracle.withdraw(question) } }
    ) { () async throws(LedgerError) in
      try await instance.ledger.rotate(requests, deadline: nil) { rotations, _ in rotations }
    }
    guard let answer else { return }
    note("batch of rotations")
    expect(answer.value.count == batch.count, "a batch has another number of answers", ["\(answer.value)"])
    for ((number, request), (rotation, question)) in zip(batch, zip(answer.value, questions)) {
      take(rotation, of: number, request, question, mayBeRetried: answer.mayBeRetried, at: instance)
    }
    if let breach = BatchOrder.breach(requests, answer.value) { violate(breach, ["\(answer.value)"]) }
  }

  private func take(
    _ rotation: Rotation, of number: Int, _ request: RotationRequest, _ question: HistoryOracle.Question,
    mayBeRetried: Bool, at instance: ProofInstance
  ) {
    oracle.answer(question, .rotation(rotation), mayBeRetried: mayBeRetried)
    switch rotation {
    case .rotated(let session):
      note("rotated")
      noteNewest(session, of: number, grace: request.graceMilliseconds)
    case .refreshed(let session):
      note("used")
      noteNewest(session, of: number, grace: 0)
    case .retried(let session, let reuse):
      note("replayed as \(reuse)")
      noteNewest(session, of: number, grace: 0)
    case .refused(let refusal):
      note("refused: \(refusal.word)")
      // Shorter terms end it only for whoever calls for them.
      if refusal.endsSession, request.terms == nil { hasEnded[number] = true }
      if case .reused(_, _, true) = refusal { expectRefusal(number, at: instance) }
    }
  }

  private func noteNewest(_ session: Session, of number: Int, grace: Int64) {
    guard session.generation > newest[number].generation else { return }
    newest[number] = session
    newestGraces[number] = grace
  }

  @discardableResult
  func revoke(_ number: Int, at instance: ProofInstance) async -> Bool? {
    guard !oracle.sessions[number].isFull else { return nil }
    let id = newest[number].id
    let question = ask(number, .revoke)
    let answer = await answered(
      "the end of session \(number)", at: instance, withdraw: { oracle.withdraw(question) }
    ) { () async throws(LedgerError) in
      try await instance.ledger.revoke(id)
    }
    guard let wasLive = answer?.value else { return nil }
    note(wasLive ? "revoked" : "had ended before a revocation")
    oracle.answer(question, .revocation(wasLive))
    hasEnded[number] = true
    if wasLive { expectRefusal(number, at: instance) }
    return wasLive
  }

  /// Whoever hears of a revocation finds that access tokens are refused where it was done.
  func expectRefusal(_ number: Int, at instance: ProofInstance) {
    let session = newest[number]
    expect(
      isRefused(session, at: instance),
      "access tokens of session \(number) are accepted after its end was answered", ["\(session)"])
  }

  nonisolated func isRefused(_ session: Session, at instance: ProofInstance) -> Bool {
    instance.ledger.register.isRefused(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
  }

  @discardableResult
  func look(_ number: Int, at instance: ProofInstance) async -> Session? {
    guard !oracle.sessions[number].isFull else { return nil }
    let id = newest[number].id
    let question = ask(number, .look)
    let answer = await answered(
      "a look at session \(number)", at: instance, withdraw: { oracle.withdraw(question) }
    ) { () async throws(LedgerError) in
      try await instance.ledger.session(id)
    }
    guard let answer else { return nil }
    oracle.answer(question, .looked(answer.value))
    note("looked at")
    return answer.value
  }

  /// Looks at every session and judges all that was answered, while nothing else goes on.
  func lookAtAll(at instance: ProofInstance) async {
    judge()
    for number in oracle.sessions.indices { await look(number, at: instance) }
    judge()
  }
}
#endif
