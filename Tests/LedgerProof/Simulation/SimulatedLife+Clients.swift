internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// The clients: each does one thing after another, several of them at once.
extension SimulatedLife {
  /// What a client may do next, with how often it does.
  private enum Step: CaseIterable {
    case rotate, burst, open, revoke, issue, consume, consumeBurst, sweep, checkpoint, pause
    case revokeAll, revokeAccess, noteSuccessor, rotateBatch, openBatch, list

    static let weighted: [Step] =
      Array(repeating: .rotate, count: 24) + [
        .burst, .burst, .burst, .open, .open, .open, .open, .revoke, .issue, .issue,
      ]
      + [.consume, .consume, .consume, .consumeBurst, .sweep, .checkpoint, .pause, .pause]
      + [.revokeAll, .revokeAccess, .noteSuccessor, .noteSuccessor, .rotateBatch, .rotateBatch, .openBatch, .list]
  }

  func runClients() -> Stop {
    let clients = Int.random(in: 2...12, using: &world.random)
    let stepsMax = UInt64(48 / clients)
    for number in 0..<clients {
      let steps = 1 + Int(world.random.next() % stepsMax)
      start("client") { await self.client(number, steps) }
    }
    let stop = drive()
    if stop == .stuck { violate("\(clientsRunning) calls are never answered") }
    return stop
  }

  /// With durability `interval`, long enough for all that was answered to be durable.
  func rest() {
    guard let ledger, case .interval(let interval) = world.plan.durability else { return }
    start("rest") {
      let stopwatch = self.timer.stopwatch
      try? await stopwatch.sleep(until: stopwatch.now.advanced(by: interval * 3), tolerance: nil)
    }
    guard drive() == .done, ledger.logFailure == nil else { return }
    world.oracle.endLife(.all)
  }

  private func client(_ number: Int, _ steps: Int) async {
    for _ in 0..<steps {
      guard !isDead, let ledger else { return }
      if ledger.logFailure != nil, world.random.next() % 2 == 0 { return }
      world.time.drift()
      if world.random.next() % 4 == 0 { readTime(ledger) }
      timer.advance(milliseconds: Int64(world.random.next() % 20))
      if world.random.next() % 4 == 0 { await ready.pause() }
      let step = Step.weighted[Int(world.random.next() % UInt64(Step.weighted.count))]
      world.trace.note("  client \(number): \(step)")
      await take(step, ledger)
      world.trace.note("  client \(number) has done \(step)")
    }
  }

  private func take(_ step: Step, _ ledger: RefreshLedger) async {
    switch step {
    case .open:
      if let grant = world.plan.grant(using: &world.random) { _ = await openSession(grant, ledger) }
    case .rotate: if let number = pickSession() { await rotate(number, request(number), ledger) }
    case .burst:
      guard let number = pickSession() else { return }
      let request = request(number)
      for _ in 0..<(1 + world.random.next() % 3) { start("rotate") { await self.rotate(number, request, ledger) } }
      await rotate(number, request, ledger)
    case .revoke: if let number = pickSession() { await revoke(number, ledger) }
    case .issue: await issue(ledger)
    case .consume: if let number = pickOneTime() { await consume(number, ledger) }
    case .consumeBurst:
      guard let number = pickOneTime() else { return }
      for _ in 0..<(1 + world.random.next() % 3) { start("consume") { await self.consume(number, ledger) } }
    case .sweep: await sweep(ledger)
    case .checkpoint:
      let report = await answered(nil) { () async throws(LedgerFailure) in try await ledger.checkpoint() }
      if case .some(.some(let report)) = report {
        note("checkpoints written", UInt32(truncatingIfNeeded: report.sequence))
      }
    case .pause: await ready.pause()
    case .revokeAll: await revokeAll(ledger)
    case .revokeAccess: if let number = pickSession() { await revokeAccess(number, ledger) }
    case .noteSuccessor: if let number = pickSession() { noteSuccessor(number, ledger) }
    case .rotateBatch: await rotateBatch(ledger)
    case .openBatch: await openBatch(ledger)
    case .list: await list(ledger)
    }
  }
}

// MARK: - Calls

extension SimulatedLife {
  /// The answer to a call, if it came while anybody could hear it.
  func answered<Answer: Sendable>(
    _ question: HistoryOracle.Question?, onOverload: () -> Void = {},
    isExpected: (LedgerFailure) -> Bool = { _ in false }, _ call: () async throws(LedgerFailure) -> Answer
  ) async -> Answer? {
    do throws(LedgerFailure) {
      let answer = try await call()
      return isDead ? nil : answer
    } catch {
      guard !isDead else { return nil }
      world.trace.note("  failed: \(error)")
      if case .log(.overloaded) = error {
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
    let session = await answered(nil) { () async throws(LedgerFailure) in try await ledger.open(grant) }
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

  private func rotate(_ number: Int, _ request: RotationRequest, _ ledger: RefreshLedger) async {
    guard !isDead, mayPresent(number, 1) else { return }
    let question = world.oracle.ask(.session(number), .rotate(request))
    let rotation = await answered(question) { () async throws(LedgerFailure) in try await ledger.rotate(request) }
    guard let rotation else { return }
    take(rotation, of: number, request, question, ledger)
  }

  /// Of a token that is never consumed any presentation may have been the one before another: only few at a time, or the
  /// possible orders are too many.
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
    case .used(let session):
      note("used", session.generation)
      noteNewest(session, of: number, grace: 0)
    case .replayed(let session, let reuse):
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

  private func revoke(_ number: Int, _ ledger: RefreshLedger) async {
    guard !world.oracle.sessions[number].isFull else { return }
    let id = world.oracle.sessions[number].facts.opened.id
    let question = world.oracle.ask(.session(number), .revoke)
    let wasLive = await answered(question) { () async throws(LedgerFailure) in try await ledger.revoke(id) }
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

  private func issue(_ ledger: RefreshLedger) async {
    let grant = world.plan.oneTimeGrant(using: &world.random)
    let asked = world.oracle.askForNew()
    let id = await answered(nil) { () async throws(LedgerFailure) in try await ledger.issue(grant) }
    guard let id else { return }
    note("one-time token issued", 0)
    world.oracle.issued(id, for: grant, asked: asked)
  }

  private func consume(_ number: Int, _ ledger: RefreshLedger) async {
    guard !isDead, !world.oracle.oneTimeTokens[number].isFull else { return }
    let id = world.oracle.oneTimeIDs[number]
    var purpose = world.oracle.oneTimeTokens[number].facts.grant.purpose
    if world.random.next() % 16 == 0 { purpose = SimulationPlan.purposes[0] }
    let question = world.oracle.ask(.oneTime(number), .consume(purpose: purpose))
    let asked = purpose
    let outcome = await answered(question) { () async throws(LedgerFailure) in
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
}

// MARK: - Choices

extension SimulatedLife {
  /// Mostly one that has not ended.
  func pickSession() -> Int? {
    for _ in 0..<4 {
      guard let number = pick(world.oracle.sessions.count) else { return nil }
      if !world.hasEnded[number] { return number }
    }
    return pick(world.oracle.sessions.count)
  }

  private func pickOneTime() -> Int? { pick(world.oracle.oneTimeTokens.count) }

  /// A few are popular: the first ones, and the last ones.
  private func pick(_ count: Int) -> Int? {
    guard count > 0 else { return nil }
    let bits = world.random.next()
    let rank = Int(truncatingIfNeeded: (bits >> 8) % UInt64(count)) >> Int(bits & 3)
    return bits & 4 == 0 ? rank : count - 1 - rank
  }

  func request(_ number: Int) -> RotationRequest {
    world.plan.request(
      for: world.oracle.sessions[number].facts.opened, latest: world.newest[number].generation, using: &world.random)
  }
}

extension RotationRefusal {
  fileprivate var endsSession: Bool {
    switch self {
    case .unknown, .expired, .revoked, .reused(_, _, true), .neverIssued, .outdated(_, true): true
    case .reused(_, _, false), .outdated(_, false), .wrongClient: false
    }
  }

  fileprivate var word: String {
    switch self {
    case .unknown: "unknown"
    case .expired: "expired"
    case .revoked: "revoked"
    case .reused(let reuse, _, false): "reused as \(reuse)"
    case .reused(let reuse, _, true): "reused as \(reuse), and revoked for it"
    case .neverIssued: "never issued"
    case .outdated(_, let revokedSession): revokedSession ? "outdated" : "outdated, and left"
    case .wrongClient: "wrong client"
    }
  }
}
