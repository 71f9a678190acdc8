#if Postgres
internal import LedgerTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// Clients that go from instance to instance: each does one thing after another, several of them at once.
extension DatabaseWorld {
  /// What a client may do next, with how often it does.
  private enum Step {
    case rotate, retry, race, open, revoke, issue, consume, consumeRace
    case revokeAll, revokeAccess, rotateBatch, openBatch, look, list, pause

    static let weighted: [Step] =
      Array(repeating: .rotate, count: 20) + Array(repeating: .retry, count: 6)
      + Array(repeating: .race, count: 5)
      + [.open, .open, .open, .open, .revoke, .issue, .issue, .consume, .consume, .consume, .consumeRace]
      + [.revokeAll, .revokeAccess, .rotateBatch, .rotateBatch, .openBatch, .look, .list, .pause]
  }

  /// Runs some clients to their ends.
  func runClients(at instances: [ProofInstance]) async {
    let count = Int.random(in: 2...12, using: &random)
    let steps = 60 / count
    await withDiscardingTaskGroup { group in
      for number in 0..<count {
        // A client's choices are its own, whatever the others are in time for.
        let generator = SeededGenerator(seed: random.next())
        group.addTask { await self.client(number, steps, generator, instances) }
      }
    }
  }

  private func client(
    _ number: Int, _ steps: Int, _ generator: SeededGenerator, _ instances: [ProofInstance]
  ) async {
    var own = generator
    for _ in 0..<steps {
      let step = Step.weighted.randomElement(using: &own) ?? .pause
      trace("  client \(number): \(step)")
      await take(step, instances, &own)
    }
  }

  private func take(_ step: Step, _ instances: [ProofInstance], _ own: inout SeededGenerator) async {
    guard let first = instances.randomElement(using: &own), let second = instances.randomElement(using: &own) else {
      return
    }
    switch step {
    case .open: if let grant = plan.grant(using: &own) { _ = await open(grant, at: first) }
    case .openBatch:
      let grants = (0..<Int.random(in: 1...3, using: &own)).compactMap { _ in plan.grant(using: &own) }
      if !grants.isEmpty { _ = await open(grants, at: first) }
    case .rotate:
      guard let (session, request) = presentation(&own) else { return }
      await rotate(session, request, at: first)
    case .retry:
      guard let (session, request) = presentation(&own) else { return }
      for instance in [first, second] { await rotate(session, request, at: instance) }
    case .race:
      guard let (session, request) = presentation(&own), mayPresent(session, instances.count + 1) else { return }
      await race(instances + [first]) { await self.rotate(session, request, at: $0) }
    case .revoke: if let session = pickSession(&own) { await revoke(session, at: first) }
    case .issue: _ = await issue(plan.oneTimeGrant(using: &own), at: first)
    case .consume:
      if let (token, purpose) = consumption(&own) { await consume(token, purpose: purpose, at: first) }
    case .consumeRace:
      guard let (token, purpose) = consumption(&own) else { return }
      await race(instances) { await self.consume(token, purpose: purpose, at: $0) }
    case .revokeAll: await revoke(plan.scope(using: &own), at: first)
    case .revokeAccess: if let session = pickSession(&own) { await revokeAccess(of: session, at: first) }
    case .rotateBatch: await rotateBatch(at: first, &own)
    case .look: if let session = pickSession(&own) { await look(session, at: first) }
    case .list: await list(plan.scope(using: &own), at: first)
    case .pause: try? await Task.sleep(for: .milliseconds(Int.random(in: 1...20, using: &own)))
    }
  }

  private func race(_ instances: [ProofInstance], _ body: @escaping @Sendable (ProofInstance) async -> Void) async {
    await withDiscardingTaskGroup { group in
      for instance in instances { group.addTask { await body(instance) } }
    }
  }

  private func rotateBatch(at instance: ProofInstance, _ own: inout SeededGenerator) async {
    var batch = (0..<Int.random(in: 1...4, using: &own)).compactMap { _ in presentation(&own) }
    if let first = batch.first, Bool.random(using: &own) { batch.append(first) }
    batch = batch.filter { mayPresent($0.number, batch.count) }
    if !batch.isEmpty { await rotate(batch, at: instance) }
  }

  // MARK: - Choices

  /// A token of a session, mostly its newest.
  private func presentation(_ own: inout SeededGenerator) -> (number: Int, request: RotationRequest)? {
    guard let number = pickSession(&own), mayPresent(number, 2) else { return nil }
    let session = newest[number]
    return (
      number,
      plan.request(for: oracle.sessions[number].facts.opened, latest: session.generation, using: &own)
    )
  }

  /// Mostly one that has not ended.
  private func pickSession(_ own: inout SeededGenerator) -> Int? {
    for _ in 0..<4 {
      guard let number = Self.pick(newest.count, &own) else { return nil }
      if !hasEnded[number] { return number }
    }
    return Self.pick(newest.count, &own)
  }

  private func consumption(_ own: inout SeededGenerator) -> (token: Int, purpose: String)? {
    guard let token = Self.pick(oracle.oneTimeTokens.count, &own) else { return nil }
    let isAstray = Int.random(in: 0..<16, using: &own) == 0
    let purpose = oracle.oneTimeTokens[token].facts.grant.purpose
    return (token, isAstray ? SimulationPlan.purposes[0] : purpose)
  }

  /// The last ones are popular.
  private static func pick(_ count: Int, _ own: inout SeededGenerator) -> Int? {
    guard count > 0 else { return nil }
    return count - 1 - Int.random(in: 0..<count, using: &own) >> Int.random(in: 0...3, using: &own)
  }

  // MARK: - Listings

  /// While others go on: only sessions of the scope, and none that had ended before.
  private func list(_ scope: SessionScope, at instance: ProofInstance) async {
    let ended = Set(newest.indices.filter { hasEnded[$0] }.map { newest[$0].id })
    var cursor: SessionCursor?
    repeat {
      let after = cursor
      let page = await answered("a listing", at: instance) { () async throws(LedgerError) in
        try await instance.ledger.sessions(of: scope, after: after, limit: 3)
      }
      guard let page = page?.value else { return }
      note("page listed")
      for session in page.sessions where !session.isOf(scope) || ended.contains(session.id) {
        violate("a listing holds a session of another scope, or one that had ended", ["\(scope) \(session)"])
      }
      cursor = page.next
    } while cursor != nil
  }
}
#endif
