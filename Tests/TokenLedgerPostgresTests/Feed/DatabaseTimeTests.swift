#if Postgres
import PostgresTesting
import RotationModel
import Synchronization
import Testing
@testable import TokenLedgerPostgres

/// The ledger's time, whatever becomes of the database's clock (docs/semantics.md, "Time").
@Suite(.fewAtOnce, .serialized) struct DatabaseTimeTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase

  init() async throws { database = try await TestedDatabase.withLedger() }

  private func instance() throws -> TestedInstance { try TestedInstance(database, TestedInstance.options(clock)) }

  private func shift() throws -> Int { try database.number("select shift_ms from refresh_ledger.ledger") }

  /// A millisecond after what came before, which the time under the shift is later than in any case.
  private func setBack(by milliseconds: Int64) {
    clock.pass(.milliseconds(1))
    clock.set(byMilliseconds: -milliseconds)
  }

  @Test func aStepBackOfTheClockFreezesNothingAndRevivesNothing() throws {
    let instance = try instance()
    let (short, long) = (
      try instance.open("short", idle: .seconds(600)), try instance.open("long", idle: .seconds(7200))
    )
    clock.pass(.seconds(601))
    #expect(try instance.rotate(short.tokenID) == .refused(.expired(generationsBehind: 0)))
    try instance.look()
    setBack(by: 3_600_000)
    try instance.reconnect()
    try instance.look()
    #expect(try shift() == 3_600_000)
    #expect(try instance.rotate(short.tokenID) == .refused(.expired(generationsBehind: 0)))
    // Durations are exact to the millisecond all the while.
    clock.pass(.seconds(7200 - 601) - .milliseconds(2))
    guard case .rotated(let session) = try instance.rotate(long.tokenID) else { return #expect(Bool(false)) }
    #expect(session.refreshedAt == long.openedAt.advanced(byMilliseconds: 7_200_000 - 1))
    clock.pass(.seconds(7200))
    #expect(try instance.rotate(session.tokenID) == .refused(.expired(generationsBehind: 0)))
  }

  @Test func aStepIsRefusedUntilTheTimeIsRaised() throws {
    let instance = try instance()
    let session = try instance.open("anna")
    setBack(by: 10_000)
    // Nothing happened, and the next connection raises it.
    #expect(throws: DatabaseError.self) { try instance.rotate(session.tokenID) }
    #expect(instance.knowledge.clock.wasRefused(underShift: 0))
    let next = try instance.connector.connect(deadline: .long)
    defer { next.database.close() }
    #expect(try shift() == 10_000)
    #expect(try ReadingSteps.session(session.id, on: next, deadline: .long) != nil)
  }

  @Test func aTimeThatIsBehindByLessThanALookTakesIsRaisedOnceAStepWasRefused() async throws {
    let instance = try TestedInstance(database, TestedInstance.options())
    let clock = instance.knowledge.clock
    let ahead = try #require(clock.estimate()) + 20
    clock.note(ledgerMilliseconds: ahead, bootAtReply: clock.bootMilliseconds())
    clock.noteRefusal(underShift: 0)
    // The look waits for longer than the 20 ms.
    let (connector, witness) = (instance.connector, instance.knowledge.witness)
    let isConnected = Atomic(false)
    let isLocked = Atomic(false)
    async let looking: Void = {
      let connection = try connector.connectToPrimary(deadline: .long)
      defer { connection.close() }
      try connection.simple("set lock_timeout = 0", deadline: .long)
      isConnected.store(true, ordering: .relaxed)
      while !isLocked.load(ordering: .relaxed) { await Task.yield() }
      try witness.examine(connection, deadline: .long)
    }()
    while !isConnected.load(ordering: .relaxed) { await Task.yield() }
    let other = try database.connect()
    defer { other.close() }
    _ = try other.run([Query(.begin), query("lock table refresh_ledger.ledger in access exclusive mode")])
    isLocked.store(true, ordering: .relaxed)
    try await Task.sleep(for: .milliseconds(200))
    _ = try other.run([Query(.commit)])
    try await looking
    let raised = try shift()
    #expect(raised > 0)
    // That was the shift before: a look that finds the time to be right is right.
    try instance.reconnect()
    #expect(try shift() == raised)
  }

  @Test func tokensCarryTheShiftOfTheirTimeInWholeSecondsRoundedUp() throws {
    let instance = try instance()
    let before = try instance.open("before")
    #expect(before.shifts.atUse == 0)
    setBack(by: 2300)
    try instance.reconnect()
    try instance.look()
    let next = try self.instance()
    try next.look()
    let after = try next.open("after")
    #expect(after.shifts.atUse == 3)
    #expect(next.knowledge.clock.shift(at: after.openedAt) == 3)
    #expect(next.knowledge.clock.shift(at: before.openedAt) == 0)
    #expect(try database.rows("select seconds from refresh_ledger.time_shift") == [["3"]])
    // The older session stays what it was.
    #expect(try ReadingSteps.session(before.id, on: next.connection, deadline: .long)?.shifts.atUse == 0)
  }

  @Test func whatOneInstanceHasSeenRaisesTheTimeForAll() throws {
    let (one, other) = (try instance(), try instance())
    let session = try one.open("anna")
    clock.pass(.seconds(100))
    try other.look()
    // Another server takes over, whose clock is behind; the first to come raises the time.
    setBack(by: 50_000)
    let next = try other.connector.connect(deadline: .long)
    next.database.close()
    #expect(try shift() == 50_000)
    let found = try one.connector.connect(deadline: .long)
    defer { found.database.close() }
    let answer = try found.step([], deadline: .long)
    #expect(answer.prelude.now == session.openedAt.advanced(byMilliseconds: 100_001))
  }

  @Test func anInstanceThatHasSeenNothingRaisesItByWhatTheLedgerWroteDown() throws {
    let instance = try instance()
    try instance.look()
    let high = try database.number("select high_ms from refresh_ledger.ledger")
    #expect(Int64(high) == clock.now.milliseconds)
    clock.set(byMilliseconds: -86_400_000)
    let fresh = try self.instance()
    let answer = try fresh.connection.step([], deadline: .long)
    #expect(answer.prelude.now.milliseconds >= Int64(high))
    #expect(try shift() == 86_400_000)
  }

  @Test(arguments: [Int64.max, .min])
  func aTimeThatNoLedgerWritesIsAnErrorOrPassedOverAndNeverATrap(high: Int64) throws {
    let instance = try instance()
    try instance.open("anna")
    try database.executeInLedger("update ledger set high_ms = \(high)")
    do {
      try instance.look()
      try instance.reconnect()
      try instance.look()
    } catch is DatabaseError {}
    let fresh = try? self.instance()
    try? fresh?.look()
    #expect(try database.number("select count(*) from refresh_ledger.session") == 1)
  }

  @Test func theShiftIsNeverLowered() throws {
    let instance = try instance()
    try instance.look()
    setBack(by: 60_000)
    try instance.reconnect()
    try instance.look()
    #expect(try shift() == 60_000)
    clock.set(byMilliseconds: 60_000)
    let next = try self.instance()
    try next.look()
    #expect(try shift() == 60_000)
    #expect(try next.connection.step([], deadline: .long).prelude.now == clock.now.advanced(byMilliseconds: 60_000))
  }

  @Test func theInstancesOwnTimeIsNeverAheadOfTheDatabasesAndGoesOnWithoutIt() throws {
    let instance = try instance()
    try instance.look()
    let before = instance.knowledge.clock.now()
    #expect(before == clock.now)
    clock.pass(.seconds(5))
    #expect(instance.knowledge.clock.now() == before.advanced(byMilliseconds: 5000))
  }

  @Test func byTheDatabasesOwnClockTimeNeverGoesBack() throws {
    let instance = try TestedInstance(database, TestedInstance.options())
    var last = try instance.connection.step([], deadline: .long).prelude.now
    for _ in 0..<50 {
      let now = try instance.connection.step([], deadline: .long).prelude.now
      let own = instance.knowledge.clock.now()
      #expect(last <= now)
      last = now
      let next = try instance.connection.step([], deadline: .long).prelude.now
      // What an instance says of the time is behind what the database says after it.
      #expect(own <= next)
    }
    #expect(try shift() == 0)
  }

  @Test func aStepOfTheClockIsTold() throws {
    let instance = try instance()
    let told = ToldNotices()
    instance.knowledge.setNotice(told.note)
    try instance.look()
    #expect(told.all.isEmpty)
    setBack(by: 5000)
    try instance.reconnect()
    try instance.look()
    #expect(told.all == [.clockStepped(byMilliseconds: -5000, shiftSeconds: 5)])
    clock.set(byMilliseconds: 20_000)
    try instance.look()
    #expect(told.all.last == .clockStepped(byMilliseconds: 20_000, shiftSeconds: 5))
  }
}
#endif
