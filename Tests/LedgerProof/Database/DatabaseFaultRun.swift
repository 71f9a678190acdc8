#if Postgres
internal import LedgerTesting
internal import Platform
internal import PostgresTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// One run of a stage while some of its exchanges fail, or none, and the judgement on it.
struct DatabaseFaultRun {
  let stage: DatabaseStage
  let plan: [ProxyExchange: RequestFault]
  let traces: Bool

  /// What a run found.
  struct Finding: Sendable {
    /// What the stage asked for, up to its last call.
    var exchanges: [ProxyExchange] = []
    var strikes: [(exchange: ProxyExchange, fault: RequestFault)] = []
    var tally = ProofTally()
    var violations: [(what: String, evidence: [String])] = []
    var lines: [String] = []

    /// How many requests calls made, without what connecting and following take.
    var callCount: Int { exchanges.count(where: \.isOfCall) }
  }

  private var isImpatient: Bool { plan.values.contains(.hold) }

  func run() async throws -> Finding {
    let clock = ManualClock()
    let database = try await ProofDatabase.make(clock: clock, isEmpty: stage.kind == .schema)
    let world = DatabaseWorld(seed: stage.variant, clock: clock, capsSubjects: stage.kind == .capped, traces: traces)
    let proxy = try FaultProxy(to: database.database.server)
    proxy.plan(plan)
    var finding = Finding()
    do {
      try await serve(world, database, proxy, &finding)
    } catch {
      await world.violate("it does not go on: \(error)")
    }
    proxy.cutAll()
    finding.strikes = proxy.strikes
    await database.drop()
    (finding.tally, finding.violations, finding.lines) = await (world.tally, world.violations, world.lines)
    return finding
  }

  private func serve(
    _ world: DatabaseWorld, _ database: ProofDatabase, _ proxy: FaultProxy, _ finding: inout Finding
  ) async throws {
    let address = try proxy.address(of: database.database)
    if stage.kind == .schema {
      try await tries(world, proxy, "the tables are not made") { try await makeTables(database, address) }
      try await database.beginTime()
    }
    let options = stage.options(database, isImpatient: isImpatient)
    let ledger = try await tries(world, proxy, "the ledger does not open") {
      try await PostgresLedger.open(address, options: options)
    }
    var direct = database.options
    direct.acceptsLacking = options.acceptsLacking
    let other = ProofInstance(try await PostgresLedger.open(database.database.address, options: direct))
    let instance = ProofInstance(ledger, by: proxy)
    let script = DatabaseScript(
      world: world, database: database, instance: instance, parts: stage.parts, prefix: "\(stage.kind) ")
    do {
      try await script.run()
      finding.exchanges = proxy.exchanges
      try await judge(world, database, instance, other)
    } catch {
      await world.violate("the script ends: \(error)")
    }
    try await ledger.close()
    try await other.ledger.close()
  }

  /// Runs what begins an instance; again if a fault that nobody could wait out made it fail.
  private func tries<Outcome>(
    _ world: DatabaseWorld, _ proxy: FaultProxy, _ complaint: String, _ body: () async throws -> Outcome
  ) async throws -> Outcome {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let before = proxy.struckCount
      do {
        return try await body()
      } catch {
        await world.trace("\(complaint): \(error)")
        await world.note("beginnings that failed")
        let strikes = proxy.strikes.dropFirst(before)
        let isExcused = strikes.contains { $0.fault.leavesUnknown(at: $0.exchange) } || stage.kind == .schema
        // Whoever waits so short a time fails on a slow machine too.
        if isImpatient, ContinuousClock.now < deadline { continue }
        guard isExcused, !strikes.isEmpty else { throw error }
      }
    }
  }

  private func makeTables(_ database: ProofDatabase, _ address: DatabaseAddress) async throws {
    let patience: Duration = isImpatient ? .seconds(2) : .seconds(20)
    try await BlockingWork.run { () throws(any Error) in
      let connection = try DatabaseConnection.open(address, host: 0, timeout: patience)
      defer { connection.close() }
      _ = try DatabaseSchema.install(database.schema, on: connection, deadline: .now + patience)
    }
  }

  // MARK: - Judging

  private func judge(
    _ world: DatabaseWorld, _ database: ProofDatabase, _ instance: ProofInstance, _ other: ProofInstance
  ) async throws {
    try await goesOn(world, instance, other)
    try await database.waitForSteps()
    await world.lookAtAll(at: other)
    for contradiction in try await database.contradictions() { await world.violate(contradiction) }
    try await comparesStream(world, database, instance)
  }

  /// The instance follows what another one does, and takes changes.
  private func goesOn(_ world: DatabaseWorld, _ instance: ProofInstance, _ other: ProofInstance) async throws {
    let lifetimes = DatabaseScript.lifetimes
    let grant = SessionGrant(
      subject: "\(stage.kind) last", client: "last", scope: "", lifetimes: lifetimes, accessMilliseconds: 900_000)
    guard let number = await world.open(grant, at: instance) else { return await world.violate("it opens no more") }
    await world.revoke(number, at: other)
    let session = await world.newest[number]
    try await world.wait("what another instance revoked is not heard of") {
      world.isRefused(session, at: instance)
    }
    let ledger = instance.ledger
    try await world.wait("the instance does not say that it is well: \(ledger.health)") {
      let health = ledger.health
      return health.state == .acceptsChanges && !health.isFeedStale && (health.feedAge ?? .zero) < .seconds(5)
    }
  }

  /// Whoever follows the events is told each that is there, once and in order.
  private func comparesStream(
    _ world: DatabaseWorld, _ database: ProofDatabase, _ instance: ProofInstance
  ) async throws {
    let there = try await database.rows("select number from ledger.event order by number").compactMap { row in
      row.first.flatMap { $0 }.flatMap { UInt64($0) }
    }
    let ledger = instance.ledger
    let told = await world.perform("streams compared with the table", at: instance) { () async throws(LedgerError) in
      var told: [UInt64] = []
      for try await event in try await ledger.events(after: 0) {
        told.append(event.sequence)
        if event.sequence == there.last { break }
      }
      return told
    }
    guard let told else { return }
    await world.expect(told == there, "a stream tells other events than there are", ["\(told)", "\(there)"])
  }
}
#endif
