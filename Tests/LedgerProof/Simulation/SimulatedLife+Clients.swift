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
      let report = await answered(nil) { () async throws(LedgerError) in
        do throws(LogError) { return try await ledger.checkpoint() } catch { throw LedgerError(error) }
      }
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
