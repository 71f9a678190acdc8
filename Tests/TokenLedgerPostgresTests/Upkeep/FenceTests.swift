#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

@Suite(.fewAtOnce, .serialized) struct FenceTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let options: PostgresOptions

  init() async throws {
    database = try await TestedDatabase.withLedger()
    options = TestedInstance.options(clock)
  }

  private func instance() throws -> TestedInstance { try TestedInstance(database, options) }

  /// The error with which an instance refuses to serve from the database.
  private func refusal(of instance: TestedInstance) -> String? {
    do {
      try instance.connector.connect(deadline: .long).database.close()
      return nil
    } catch {
      guard case .unsuitable(let text) = error else { return "\(error)" }
      return text
    }
  }

  private func fence() throws -> LedgerFence.Report {
    var options = options
    options.acceptsLacking = true
    let instance = try TestedInstance(database, options)
    return try LedgerFence.run(instance.connection, deadline: .long)
  }

  /// As after a restore to an earlier moment: what came after the event with this number is gone.
  private func lose(after number: Int) throws {
    try database.executeInLedger(
      """
      delete from session where opened_number > \(number); delete from event where number > \(number);
      select setval('ledger_number', \(number))
      """)
  }

  private func lastNumber() throws -> Int { try database.number("select max(number) from refresh_ledger.event") }

  @Test func anInstanceThatMissesWhatItAcknowledgedRefusesToServeUntilTheFence() throws {
    let instance = try instance()
    let kept = try instance.open("anna")
    let number = try lastNumber()
    try instance.open("lost")
    try instance.look()
    #expect(refusal(of: instance) == nil)
    try lose(after: number)
    let text = try #require(refusal(of: instance))
    #expect(text.contains("database fence"))
    #expect(instance.knowledge.witness.isFenced)
    // It stays so, whatever others did meanwhile: an event with the number that is missed is not the event.
    clock.pass(.seconds(1))
    try database.executeInLedger("update ledger set state = 'open'")
    let fresh = try self.instance()
    try fresh.open("boris")
    #expect(refusal(of: instance) != nil)

    let report = try fence()
    #expect((report.endedSessions, report.fence) == (2, 1))
    #expect(refusal(of: instance) == nil)
    #expect(!instance.knowledge.witness.isFenced)
    let after = try instance.connector.connect(deadline: .long)
    defer { after.database.close() }
    #expect(after.facts.fence == 1)
    #expect(try ReadingSteps.session(kept.id, on: after, deadline: .long) == nil)
    #expect(try ReadingSteps.count(of: .all, on: after, deadline: .long) == 0)
  }

  @Test func whatOneInstanceMissesNoOtherServesUntilTheFence() throws {
    let (instance, beside) = (try self.instance(), try self.instance())
    let number = try { () throws in
      try instance.open("anna")
      return try lastNumber()
    }()
    let lost = try instance.open("lost")
    try lose(after: number)
    #expect(refusal(of: instance)?.contains("database fence") == true)
    #expect(try database.value("select state from refresh_ledger.ledger") == "lacking")
    // One that runs refuses, one that is started now does, and the memory of all can be gone.
    #expect(throws: DatabaseError.self) { try beside.open("carla") }
    #expect(refusal(of: beside) == refusal(of: instance))
    #expect(beside.knowledge.witness.isFenced)
    let error = #expect(throws: DatabaseError.self) { try self.instance() }
    #expect(error?.description == refusal(of: instance))

    #expect(try fence().fence == 1)
    #expect(try database.value("select state from refresh_ledger.ledger") == "open")
    for instance in [instance, beside, try self.instance()] {
      try instance.reconnect()
      #expect(!instance.knowledge.witness.isFenced)
      try instance.look()
      #expect(instance.refuses(lost))
      try instance.open("dora")
    }
  }

  @Test func aConnectionThatAskedBeforeAnotherFoundTheFenceDoesNotUndoIt() throws {
    let (instance, holder) = (try self.instance(), try self.instance())
    let (database, options, witness) = (database, options, instance.knowledge.witness)
    try instance.open("anna")
    let number = try lastNumber()
    try instance.open("lost")
    try instance.look()
    let (connected, locked) = (Semaphore(), Semaphore())
    let asking = try Beside {
      let asking = try TestedInstance(database, options)
      connected.post()
      locked.wait()
      // For the event from before the fence.
      try witness.examine(asking.connection.database, deadline: .long)
    }
    connected.wait()
    try lose(after: number)
    let fence = try fence().fence
    try holder.reconnect()
    _ = try holder.connection.begin([query("lock table ledger in access exclusive mode")], deadline: .long)
    locked.post()
    while try database.number("select count(*) from pg_locks where locktype = 'relation' and not granted") == 0 {}
    witness.remember(server: holder.connection.facts.server, timeline: holder.connection.facts.timeline, fence: fence)
    _ = try holder.connection.finish([], deadline: .long)
    try asking.answer()
    #expect(!witness.isFenced)
    #expect(try database.value("select state from refresh_ledger.ledger") == "open")
  }

  @Test func whatIsAcknowledgedOverAConnectionFromBeforeTheFenceIsMissedByNobody() throws {
    let instance = try instance()
    try instance.open("anna")
    let (before, number) = (instance.connection.facts.fence, try lastNumber())
    try instance.open("lost")
    let lost = try lastNumber()
    try lose(after: number)
    _ = try fence()
    try instance.reconnect()
    instance.knowledge.witness.acknowledge(Int64(lost) << 41, under: before)
    try instance.reconnect()
    #expect(!instance.knowledge.witness.isFenced)
  }

  @Test func aLookOfTheFeedCountsAsAcknowledged() throws {
    let (writing, watching) = (try instance(), try instance())
    let number = try { () throws in
      try writing.open("anna")
      return try lastNumber()
    }()
    try writing.open("lost")
    try watching.look()
    try lose(after: number)
    #expect(refusal(of: watching)?.contains("database fence") == true)
  }

  @Test func theFenceEndsAccessTokensAndOneTimeTokensToo() throws {
    let instance = try instance()
    let session = try instance.open("anna")
    // One that the server before issued by a clock that was ahead.
    let ahead = clock.now.advanced(byMilliseconds: 5000)
    var generator = SystemRandomNumberGenerator()
    let id = SessionID(from: &generator)
    _ = try OneTimeSteps.issue(
      OneTimeGrant(purpose: "reset", subject: "anna", payload: [], lifetimeMilliseconds: 60_000), id: id,
      attempt: Attempt(id: 1, isRetry: false), on: instance.connection, deadline: .long)
    let report = try fence()
    #expect((report.endedSessions, report.endedOneTimeTokens) == (1, 1))
    try instance.reconnect()
    try instance.look()
    #expect(instance.refuses(session))
    #expect(instance.refuses(session, issuedAt: ahead))
    let next = try self.instance()
    let consumption = try OneTimeSteps.consume(
      id, purpose: "reset", attempt: Attempt(id: 2, isRetry: false), on: next.connection, deadline: .long)
    guard case .refused = consumption else {
      Issue.record("\(consumption)")
      return
    }
    // What is opened afterwards is good at once, everywhere.
    let opened = try next.open("anna")
    try instance.look()
    #expect(!instance.refuses(opened))
    #expect(!next.refuses(opened))
  }

  @Test func aConnectionOfBeforeTheFenceDecidesNothingMore() throws {
    let instance = try instance()
    let session = try instance.open("anna")
    _ = try fence()
    #expect(throws: DatabaseError.self) { try instance.rotate(session.tokenID) }
    #expect(!instance.connection.database.isOpen)
  }

  @Test func aFenceThatFailsLeavesEverythingAsItWas() throws {
    let (instance, other) = (try instance(), try instance())
    let session = try instance.open("anna")
    // Somebody is in the middle of a step for longer than a fence waits.
    _ = try other.connection.begin([], deadline: .long)
    let error = try #require(throws: DatabaseError.self) { try fence() }
    guard case .nothingHappened = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try ReadingSteps.session(session.id, on: instance.connection, deadline: .long) != nil)
    _ = try other.connection.finish([], deadline: .long)
    #expect(try fence().fence == 1)
  }

  @Test func numbersThatTheLostServerGaveAreNotGivenAgain() throws {
    let instance = try instance()
    try instance.open("anna")
    let number = try lastNumber()
    try instance.openAll((0..<100).map { "lost \($0)" })
    try lose(after: number)
    _ = try fence()
    #expect(try database.number("select last_value from refresh_ledger.ledger_number") > number + 100)
  }

  @Test func anInstanceThatRanOnHearsOfWhatCameAfterAFenceHoweverManyNumbersTheRestoreLost() throws {
    let instance = try instance()
    try instance.open("anna")
    try database.executeInLedger(
      "insert into record values ('user', 'anna', '', 1); update ledger set record_change = 1")
    let number = try lastNumber()
    // What was lost: two million numbers, the last of them a change of a record and an event.
    try database.executeInLedger("select setval('ledger_number', last_value + (1 << 21)) from ledger_number")
    try instance.open("lost")
    try database.executeInLedger("update ledger set record_change = nextval('ledger_number')")
    try instance.look()
    let (floor, change) = (instance.knowledge.eventFloor.value, instance.knowledge.recordChange.value)
    #expect(min(floor, change) > number + (1 << 21))
    try lose(after: number)
    try database.executeInLedger("update ledger set record_change = 1")
    _ = try fence()
    #expect(try database.number("select min(number) from refresh_ledger.event where kind = 8") > floor)
    #expect(try database.number("select min(change) from refresh_ledger.record") > change)
    try instance.reconnect()
    try instance.look()
    #expect(instance.knowledge.eventFloor.value > floor)
    #expect(instance.knowledge.recordChange.value > change)
  }

  @Test func keysAndAccountsAreReadAnewByAll() throws {
    let instance = try instance()
    try database.executeInLedger(
      """
      insert into record values ('user', 'anna', '', nextval('ledger_number')), ('client', 'app', '', nextval('ledger_number'));
      update ledger set record_change = (select max(change) from record)
      """)
    try instance.look()
    let before = instance.knowledge.recordChange.value
    _ = try fence()
    try instance.reconnect()
    try instance.look()
    let after = instance.knowledge.recordChange.value
    #expect(after > before)
    #expect(
      try database.number("select count(*) from refresh_ledger.record where change > \(before) and change <= \(after)")
        == 2)
  }

  @Test func anEventThatIsOlderThanEventsAreKeptIsNotMissed() throws {
    let instance = try instance()
    try instance.open("anna")
    try database.executeInLedger("delete from event")
    clock.pass(.seconds(options.eventRetention.components.seconds + 1))
    #expect(refusal(of: instance) == nil)
  }

  @Test func anEventThatAnotherInstanceDroppedWithItsPartitionIsNotMissed() throws {
    let instance = try instance()
    try instance.open("anna")
    #expect(try EventPartitions.makeAhead(instance.connection, deadline: .long))
    try database.executeInLedger("drop table event_0")
    #expect(refusal(of: instance) == nil)
  }
}
#endif
