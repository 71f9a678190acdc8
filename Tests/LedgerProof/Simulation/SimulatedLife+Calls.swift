internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// What a client asks of the ledger, and what is noted of the answer.
extension SimulatedLife {
  /// The answer to a call, if it came while anybody could hear it.
  func answered<Answer: Sendable>(
    _ question: HistoryOracle.Question?, onOverload: () -> Void = {},
    isExpected: (LedgerError) -> Bool = { _ in false }, _ call: () async throws(LedgerError) -> Answer
  ) async -> Answer? {
    do throws(LedgerError) {
      let answer = try await call()
      return isDead ? nil : answer
    } catch {
      guard !isDead else { return nil }
      world.trace.note("  failed: \(error)")
      if case .overloaded = error {
        world.tally.add("refused as overloaded")
        if let question { world.oracle.withdraw(question) }
        onOverload()
        return nil
      }
      if isExpected(error) { return nil }
      world.tally.add("answered by a failure")
      if !faults.hasFailed { violate("a call fails without a cause: \(error)") }
      return nil
    }
  }

  func openSession(_ grant: SessionGrant, _ ledger: RefreshLedger) async -> Session? {
    let asked = askForOpening()
    let session = await answered(nil) { () async throws(LedgerError) in try await ledger.open(grant) }
    guard let session else {
      world.unknownOpenings += 1
      return nil
    }
    noteOpened(session, grant, asked)
    return session
  }

  func askForOpening() -> (invoked: Int, knownTime: Int64) {
    if world.plan.sessionsPerSubjectMax > 0 { world.oracle.noteCap() }
    return world.oracle.askForNew()
  }

  func noteOpened(_ session: Session, _ grant: SessionGrant, _ asked: (invoked: Int, knownTime: Int64)) {
    note("opened", session.generation)
    world.oracle.opened(session, for: grant, asked: asked)
    world.oracle.noteOverlaps(
      of: world.oracle.sessions.count - 1, opened: asked.invoked,
      subjectsAreCapped: world.plan.sessionsPerSubjectMax > 0)
    world.newest.append(session)
    world.newestGraces.append(0)
    world.hasEnded.append(false)
  }

  func rotate(_ number: Int, _ request: RotationRequest, _ ledger: RefreshLedger) async {
    guard !isDead, mayPresent(number, 1) else { return }
    let question = world.oracle.ask(.session(number), .rotate(request))
    let rotation = await answered(question) { () async throws(LedgerError) in try await ledger.rotate(request) }
    guard let rotation else { return }
    take(rotation, of: number, request, question, ledger)
  }

  /// Of a token that is never consumed any presentation may have been the one before another: only few at a time, or
  /// the possible orders are too many.
  func mayPresent(_ number: Int, _ count: Int) -> Bool {
    let session = world.oracle.sessions[number]
    return session.hasRoom(for: count) && (session.facts.terms.rotation == .always || session.openCount < 5)
  }

  func take(
    _ rotation: Rotation, of number: Int, _ request: RotationRequest, _ question: HistoryOracle.Question,
    _ ledger: RefreshLedger
  ) {
    world.oracle.answer(question, .rotation(rotation))
    switch rotation {
    case .rotated(let session):
      note("rotated", session.generation)
      noteNewest(session, of: number, grace: request.graceMilliseconds)
    case .refreshed(let session):
      note("used", session.generation)
      noteNewest(session, of: number, grace: 0)
    case .retried(let session, let reuse):
      note("replayed as \(reuse)", session.generation)
      noteNewest(session, of: number, grace: 0)
    case .refused(let refusal):
      note("refused: \(refusal.word)", request.token.generation)
      // Shorter terms end it only for whoever calls for them.
      if refusal.endsSession, request.terms == nil {
        world.hasEnded[number] = true
        endedInLife.insert(number)
      }
      switch refusal {
      case .reused(_, _, true), .neverIssued: checkRefusal(number, since: question, ledger)
      default: break
      }
    }
  }

  private func noteNewest(_ session: Session, of number: Int, grace: Int64) {
    guard session.generation > world.newest[number].generation else { return }
    world.newest[number] = session
    world.newestGraces[number] = grace
  }

  func revoke(_ number: Int, _ ledger: RefreshLedger) async {
    guard !world.oracle.sessions[number].isFull else { return }
    let id = world.oracle.sessions[number].facts.opened.id
    let question = world.oracle.ask(.session(number), .revoke)
    let wasLive = await answered(question) { () async throws(LedgerError) in try await ledger.revoke(id) }
    guard let wasLive else { return }
    note(wasLive ? "revoked" : "had ended before a revocation", 0)
    world.oracle.answer(question, .revocation(wasLive))
    world.hasEnded[number] = true
    endedInLife.insert(number)
    if wasLive { checkRefusal(number, since: question, ledger) }
  }

  /// Whoever hears of a revocation finds that access tokens are refused.
  private func checkRefusal(_ number: Int, since question: HistoryOracle.Question, _ ledger: RefreshLedger) {
    let id = world.oracle.sessions[number].facts.opened.id
    let age = world.oracle.highestTime - question.knownTime
    if !ledger.revocations.contains(id), age < Lifetimes.accessMillisecondsMax {
      violate("access tokens of session \(number) are accepted after its revocation was answered")
    }
  }

  func issue(_ ledger: RefreshLedger) async {
    let grant = world.plan.oneTimeGrant(using: &world.random)
    let asked = world.oracle.askForNew()
    let id = await answered(nil) { () async throws(LedgerError) in try await ledger.issue(grant) }
    guard let id else { return }
    note("one-time token issued", 0)
    world.oracle.issued(id, for: grant, asked: asked)
  }

  func consume(_ number: Int, _ ledger: RefreshLedger) async {
    guard !isDead, !world.oracle.oneTimeTokens[number].isFull else { return }
    let id = world.oracle.oneTimeIDs[number]
    var purpose = world.oracle.oneTimeTokens[number].facts.grant.purpose
    if world.random.next() % 16 == 0 { purpose = SimulationPlan.purposes[0] }
    let question = world.oracle.ask(.oneTime(number), .consume(purpose: purpose))
    let asked = purpose
    let outcome = await answered(question) { () async throws(LedgerError) in
      try await ledger.consume(id, purpose: asked)
    }
    guard let outcome else { return }
    switch outcome {
    case .consumed: note("one-time token consumed", 0)
    case .refused(let refusal): note("one-time token refused: \(refusal)", 0)
    }
    world.oracle.answer(question, .consumption(outcome))
  }

  func note(_ verdict: String, _ number: UInt32) {
    world.trace.note("  \(verdict) \(number)")
    world.trace.mix(verdict)
    world.trace.mix(Int(number))
    world.tally.add(verdict)
  }

  /// Reads the ledger's time, as a verifier does that asks nobody else.
  @discardableResult
  func readTime(_ ledger: RefreshLedger) -> Int64 {
    let asked = world.oracle.askForNew()
    let before = world.time.boot
    let time = ledger.time.now().milliseconds
    world.trace.mix(UInt64(bitPattern: time))
    world.oracle.noteReading(time, asked: asked, before: before)
    return time
  }

  /// A heartbeat.
  func sweep(_ ledger: RefreshLedger) async {
    let asked = world.oracle.askForNew()
    let swept: Void? = await answered(nil) { () async throws(LedgerError) in try await ledger.sweepExpired() }
    if swept != nil { world.oracle.noteSweep(asked: asked) }
  }
}
