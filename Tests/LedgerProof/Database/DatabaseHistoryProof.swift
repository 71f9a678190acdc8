#if Postgres
internal import LedgerTesting
internal import PostgresTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// Three instances on one database and clients that go from one to the other, while the connections of one of them
/// fail: judged by the oracle of the simulation, on its grants and requests.
///
/// A seed chooses what the clients do and what fails; what comes first is the machine's choice.
package struct DatabaseHistoryProof: Proof {
  package let name = "database-histories"
  package let summary = "clients of three instances on one PostgreSQL whose connections fail, judged by the same oracle"
  package let cases: Range<UInt64> = 0..<1000

  package init() {}

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let world = DatabaseWorld(seed: number, clock: nil, traces: trace != nil)
    do {
      let database = try await ProofDatabase.make(clock: nil)
      do {
        let run = DatabaseHistoryRun(seed: number, world: world, database: database)
        try await run.run()
      } catch {
        await world.violate("it does not go on: \(error)")
      }
      await database.drop()
    } catch {
      await world.violate("no database: \(error)")
    }
    for line in await world.lines { trace?(line) }
    tally.merge(await world.tally)
    for violation in await world.violations {
      tally.addViolation(number, violation.what, evidence: violation.evidence)
    }
  }
}

/// One seed's lives of a ledger in a database.
private struct DatabaseHistoryRun {
  let seed: UInt64
  let world: DatabaseWorld
  let database: ProofDatabase

  private static let instanceCount = 3

  func run() async throws {
    var random = SeededGenerator(seed: seed ^ 0x5EED)
    let proxy = try FaultProxy(to: database.database.server)
    defer { proxy.cutAll() }
    let holds = Int.random(in: 0..<8, using: &random) == 0
    if holds { await world.note("seeds with an instance that gives up early") }
    var instances: [ProofInstance] = []
    for number in 0..<Self.instanceCount {
      instances.append(try await open(number, proxy, holds: holds, &random))
    }
    do {
      for life in 0..<world.plan.lives {
        await world.trace("life \(life)")
        try await live(instances, proxy, holds: holds, &random)
        guard await world.violations.isEmpty else { break }
        // One of them is replaced.
        let number = Int.random(in: 0..<(2 * Self.instanceCount), using: &random)
        guard number < Self.instanceCount else { continue }
        try await instances[number].ledger.close()
        instances[number] = try await open(number, proxy, holds: holds, &random)
        await world.note("instances replaced")
      }
    } catch {
      await world.violate("the instances do not go on: \(error)")
    }
    for instance in instances { try await instance.ledger.close() }
  }

  private func open(
    _ number: Int, _ proxy: FaultProxy, holds: Bool, _ random: inout SeededGenerator
  ) async throws -> ProofInstance {
    var options = database.options
    options.connections = Int.random(in: 1...3, using: &random)
    options.sessionsPerSubjectMax = world.plan.sessionsPerSubjectMax
    guard number == 0 else {
      return ProofInstance(try await PostgresLedger.open(database.database.address, options: options))
    }
    if holds { options.requestDeadline = .seconds(2) }
    let address = try proxy.address(of: database.database)
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      do {
        return ProofInstance(try await PostgresLedger.open(address, options: options), by: proxy, isImpatient: holds)
      } catch {
        // It is as impatient when it begins.
        guard holds, ContinuousClock.now < deadline else { throw error }
      }
    }
  }

  /// Clients, and then a look at what is left, while nothing goes on.
  private func live(
    _ instances: [ProofInstance], _ proxy: FaultProxy, holds: Bool, _ random: inout SeededGenerator
  ) async throws {
    let unrest = DatabaseUnrest(proxy: proxy, instance: instances[0], holds: holds)
    let seed = random.next()
    let failing = Task { await unrest.run(seed: seed) }
    await world.runClients(at: instances)
    failing.cancel()
    await failing.value
    try await database.waitForSteps()
    // One that nobody disturbs.
    let looking = instances[1 + Int.random(in: 0..<(instances.count - 1), using: &random)]
    await world.lookAtAll(at: looking)
    for contradiction in try await database.contradictions() { await world.violate(contradiction) }
    try await world.expectAgreement(of: instances)
    await world.note("lives judged")
    await world.count(proxy.struckCount)
  }
}

extension DatabaseWorld {
  fileprivate func count(_ struck: Int) { tally.add("faults", struck - tally["faults"]) }

  /// Every instance refuses the access tokens of what has ended, and no other, soon after.
  fileprivate func expectAgreement(of instances: [ProofInstance]) async throws {
    for number in oracle.sessions.indices {
      let (session, states) = (newest[number], oracle.sessions[number].states)
      let isRevoked = states.allSatisfy { state in
        state.standing == .revoked || state.coveredFrom.map { session.refreshedAt.milliseconds <= $0 } ?? false
      }
      // What a subject's revocation finds expired stays so, and its access tokens end.
      let facts = oracle.sessions[number].facts
      let isLive = states.allSatisfy { $0.isUsable && $0.endFrom(facts) > oracle.highestTime }
      let isRevokedAlone = oracle.revokedAccess.contains { $0.session.tokenID == session.tokenID }
      guard isRevoked || isLive && !isRevokedAlone else { continue }
      let complaint = "access tokens of session \(number) are \(isRevoked ? "accepted" : "refused") somewhere"
      for instance in instances where violations.isEmpty {
        try await wait("\(complaint): \(session), \(states)") { isRefused(session, at: instance) == isRevoked }
      }
    }
  }
}
#endif
