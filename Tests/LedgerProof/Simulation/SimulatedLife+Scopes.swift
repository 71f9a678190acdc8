internal import LedgerTesting
internal import TokenLedger

/// What clients ask of many sessions at once, and of single access tokens.
extension SimulatedLife {
  func revokeAll(_ ledger: RefreshLedger) async {
    let scope = world.plan.scope(using: &world.random)
    guard let asked = world.oracle.askForRevocation(of: scope) else { return }
    let answer: Void? = await answered(nil, onOverload: { self.world.oracle.withdrawRevocation(asked) }) {
      () async throws(LedgerError) in try await ledger.revoke(scope)
    }
    guard answer != nil else { return }
    note("wide revocation", 0)
    world.oracle.answerRevocation(asked)
    for question in world.oracle.wideRevocations[asked].questions {
      guard case .session(let number) = question.subject else { continue }
      world.hasEnded[number] = true
      endedInLife.insert(number)
      // Marks are kept for as long as an access token may live.
      let age = world.oracle.highestTime - question.knownTime
      // A token of a history that a power loss took may be younger than the mark.
      guard world.newest[number].refreshedAt.milliseconds <= question.knownTime else { continue }
      if age < Lifetimes.accessMillisecondsMax, !isRefused(world.newest[number], ledger) {
        violate("access tokens of session \(number) are accepted after a wide revocation was answered")
      }
    }
  }

  func revokeAccess(_ number: Int, _ ledger: RefreshLedger) async {
    let session = world.newest[number]
    let end = readTime(ledger) + [1, 300, 60_000, 3_600_000][Int(world.random.next() % 4)]
    let asked = world.oracle.askForAccessRevocation(of: session, until: end)
    let answer: Void? = await answered(nil) { () async throws(LedgerError) in
      try await ledger.revokeAccess(session.tokenID, until: Timestamp(milliseconds: end))
    }
    guard answer != nil else { return }
    note("access token revoked", session.generation)
    world.oracle.answerAccessRevocation(asked)
    if world.oracle.highestTime < end, !isRefused(session, ledger) {
      violate("an access token is accepted after its revocation was answered")
    }
  }

  /// A verifier sees the newest access token.
  func noteSuccessor(_ number: Int, _ ledger: RefreshLedger) {
    let session = world.newest[number]
    guard !isDead, session.generation > 0, !world.oracle.sessions[number].isFull else { return }
    let question = world.oracle.ask(
      .session(number), .noteSuccessor(generation: session.generation, grace: world.newestGraces[number]))
    ledger.successorWatch.note(
      session.tokenID, issuedAt: session.refreshedAt.seconds, now: Timestamp(milliseconds: readTime(ledger)))
    note("successor noted", session.generation)
    world.oracle.answer(question, .done)
  }

  func isRefused(_ session: Session, _ ledger: RefreshLedger) -> Bool {
    ledger.revocations.refuse(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
  }

  /// Some presentations in one call; several of one token among them.
  func rotateBatch(_ ledger: RefreshLedger) async {
    var numbers: [Int] = []
    for _ in 0..<(1 + world.random.next() % 4) { if let number = pickSession() { numbers.append(number) } }
    if let first = numbers.first, world.random.next() % 2 == 0 { numbers.append(first) }
    numbers = numbers.filter { number in mayPresent(number, numbers.count) }
    var requests = numbers.map { request($0) }
    if numbers.count > 1, numbers.first == numbers.last { requests[numbers.count - 1] = requests[0] }
    guard !isDead, !numbers.isEmpty else { return }
    let batch = requests
    let questions = zip(numbers, batch).map { world.oracle.ask(.session($0), .rotate($1)) }
    let rotations = await answered(nil, onOverload: { questions.forEach(self.world.oracle.withdraw) }) {
      () async throws(LedgerError) in try await ledger.rotate(batch)
    }
    guard let rotations else { return }
    note("batch of rotations", UInt32(rotations.count))
    for index in numbers.indices {
      take(rotations[index], of: numbers[index], batch[index], questions[index], ledger)
    }
    if let breach = BatchOrder.breach(batch, rotations) { violate(breach, ["\(rotations)"]) }
  }

  func openBatch(_ ledger: RefreshLedger) async {
    let grants = (0..<(1 + world.random.next() % 3)).compactMap { _ in world.plan.grant(using: &world.random) }
    let asked = askForOpening()
    let sessions = await answered(nil) { () async throws(LedgerError) in try await ledger.open(grants) }
    guard let sessions else {
      world.unknownOpenings += grants.count
      return
    }
    note("batch of openings", UInt32(sessions.count))
    if Set(sessions.map(\.openedAt)).count > 1 { violate("a batch of openings is not one step", ["\(sessions)"]) }
    for (session, grant) in zip(sessions, grants) { noteOpened(session, grant, asked) }
  }
}

/// A batch is as its calls one after the other, at one moment.
enum BatchOrder {
  /// What is wrong with the answers to a batch; nil for nothing.
  static func breach(_ batch: [RotationRequest], _ rotations: [Rotation]) -> String? {
    guard batch.count == rotations.count else { return "a batch has another number of answers" }
    var spent: Set<TokenID> = []
    var moments: Set<Timestamp> = []
    for (request, rotation) in zip(batch, rotations) {
      switch rotation {
      case .rotated(let session):
        guard spent.insert(request.token).inserted else { return "a batch consumes one token twice" }
        moments.insert(session.refreshedAt)
      case .refreshed(let session): moments.insert(session.refreshedAt)
      case .retried(let session, _):
        if session.refreshedAt == moments.first, !spent.contains(request.token), moments.count == 1,
          batch.contains(where: { $0.token == request.token }), session.generation == request.token.generation + 1,
          batch.filter({ $0.token == request.token }).count > 1,
          zip(batch, rotations).contains(where: { other, answer in
            if case .rotated = answer { other.token == request.token } else { false }
          })
        {
          return "a batch answers a token's replay before its consumption"
        }
      case .refused: break
      }
    }
    return moments.count > 1 ? "a batch is more than one step" : nil
  }
}
