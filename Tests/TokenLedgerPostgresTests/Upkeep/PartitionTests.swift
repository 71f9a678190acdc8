#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

@Suite(.fewAtOnce, .serialized) struct PartitionTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let instance: TestedInstance
  private static let rangeSize = 1 << EventReading.partitionBits

  init() async throws {
    database = try await TestedDatabase.withLedger()
    instance = try TestedInstance(database, TestedInstance.options(clock))
  }

  private func makeAhead() throws -> Bool { try EventPartitions.makeAhead(instance.connection, deadline: .long) }

  private func dropOld(_ retention: Duration = .seconds(3600)) throws -> Bool {
    try EventPartitions.dropOld(
      instance.connection, retentionMilliseconds: retention.components.seconds * 1000, deadline: .long)
  }

  /// The ranges that have a partition.
  private func ranges() throws -> [String?] {
    try database.rows(
      """
      select substring(inhrelid::regclass::text from '[0-9]+')::int8 as n from pg_inherits
      where inhparent = 'refresh_ledger.event'::regclass and inhrelid::regclass::text ~ '[0-9]' order by 1
      """
    ).map { $0[0] }
  }

  private func setNumber(_ number: Int) throws {
    try database.executeInLedger("select setval('ledger_number', \(number))")
  }

  private func restingCount() throws -> Int { try database.number("select count(*) from refresh_ledger.event_rest") }

  @Test func partitionsAreMadeAheadOfTheNumbers() throws {
    #expect(try makeAhead())
    #expect(try ranges() == ["0", "1", "2"])
    try setNumber(2 * Self.rangeSize + 5)
    #expect(try makeAhead())
    #expect(try ranges() == ["0", "1", "2", "3", "4"])
  }

  @Test func eventsBeyondAllPartitionsAreKeptAndMovedIntoTheirOwn() throws {
    try setNumber(7 * Self.rangeSize - 2)
    let sessions = try instance.openAll(["a", "b", "c", "d"])
    #expect(try restingCount() == 4)
    let before = try database.rows("select * from refresh_ledger.event order by number")
    #expect(try makeAhead())
    #expect(try restingCount() == 0)
    #expect(try ranges() == ["0", "6", "7", "8", "9"])
    #expect(try database.rows("select * from refresh_ledger.event order by number") == before)
    // Both sides of the border have theirs, and new events go there too.
    #expect(try database.number("select count(*) from refresh_ledger.event_6") == 1)
    try instance.revoke(sessions[0].id)
    #expect(try database.number("select count(*) from refresh_ledger.event_7") == 4)
    // Each partition has the indexes of the others.
    let indexes = try database.rows(
      """
      select tablename, count(*) from pg_indexes where schemaname = 'refresh_ledger' and tablename ~ '^event_' group by 1 order by 1
      """)
    #expect(Set(indexes.map { $0[1] }) == ["3"])
  }

  @Test func aReaderFindsAnEventThatIsMovedAtThatMoment() throws {
    let database = database
    // A mover that gives up, since it waited for too long, moves the event the next time.
    for range in stride(from: 7, to: 257, by: 5) {
      let first = range * Self.rangeSize
      try setNumber(first)
      try instance.open("anna")
      let holding = try database.connect()
      _ = try holding.run([
        Query(.begin), query("lock table only refresh_ledger.event in share update exclusive mode"),
      ])
      let moving = try Beside { [clock] in
        let mover = try TestedInstance(database, TestedInstance.options(clock))
        return try EventPartitions.makeAhead(mover.connection, deadline: .long)
      }
      try waitForWaiting(1)
      let reading = try Beside {
        try database.number("select count(*) from refresh_ledger.event where number >= \(first)")
      }
      try waitForWaiting(2)
      _ = try holding.run([Query(.commit)])
      #expect(try reading.answer() == 1)
      if try moving.answer() { return }
    }
    Issue.record("the mover gave up each time")
  }

  /// Waits until so many connections wait for a table, or for longer than a mover does.
  private func waitForWaiting(_ count: Int) throws {
    let end = ContinuousClock.now + .seconds(1)
    let waiting = "select count(*) from pg_locks where locktype = 'relation' and not granted"
    while try database.number(waiting) < count, .now < end {}
  }

  @Test func aStepThatHoldsTheDefaultPartitionIsNotWaitedForLong() throws {
    try setNumber(7 * Self.rangeSize)
    let other = try TestedInstance(database, TestedInstance.options(clock))
    let event = EventRow(.expired(sessions: 1, oneTimeTokens: 0), at: clock.now, shift: 0)!
    _ = try other.connection.begin([EventRow.insertion(of: [event])], deadline: .long)
    #expect(try !makeAhead())
    #expect(instance.connection.database.isOpen)
    _ = try other.connection.finish([], deadline: .long)
    #expect(try makeAhead())
    #expect(try restingCount() == 0)
    #expect(try database.number("select count(*) from refresh_ledger.event_7") == 1)
  }

  @Test func aPartitionIsDroppedWhenItsNewestEventIsOlderThanEventsAreKept() throws {
    try instance.open("old")
    #expect(try makeAhead())
    try setNumber(Self.rangeSize + 10)
    clock.pass(.seconds(3000))
    try instance.open("newer")
    #expect(try dropOld())
    #expect(try ranges() == ["0", "1", "2"])
    clock.pass(.seconds(601))
    #expect(try dropOld())
    #expect(try ranges() == ["1", "2"])
    #expect(try database.rows("select subject from refresh_ledger.event") == [["newer"]])
  }

  @Test func thePartitionThatIsWrittenToStaysHoweverOldItsEventsAre() throws {
    try instance.open("old")
    #expect(try makeAhead())
    clock.pass(.seconds(1_000_000))
    #expect(try dropOld())
    #expect(try ranges() == ["0", "1", "2"])
  }

  @Test func aReaderOfAPartitionIsNotWaitedForLong() throws {
    try instance.open("old")
    #expect(try makeAhead())
    try setNumber(Self.rangeSize + 10)
    clock.pass(.seconds(4000))
    let other = try database.connect()
    _ = try other.run([Query(.begin), query("select from refresh_ledger.event")])
    #expect(try !dropOld())
    #expect(try ranges() == ["0", "1", "2"])
    _ = try other.run([Query(.commit)])
    #expect(try dropOld())
    #expect(try ranges() == ["1", "2"])
  }

  @Test func oldEventsInTheDefaultPartitionAreDeleted() throws {
    try setNumber(5 * Self.rangeSize)
    try instance.open("old")
    try setNumber(7 * Self.rangeSize)
    try database.executeInLedger(
      """
      drop table event_0;
      create table event_7 partition of event for values from (\(7 * Self.rangeSize)) to (\(8 * Self.rangeSize))
      """)
    try instance.open("newer")
    #expect(try dropOld())
    #expect(try restingCount() == 1)
    clock.pass(.seconds(4000))
    #expect(try dropOld())
    #expect(try database.rows("select subject from refresh_ledger.event") == [["newer"]])
  }

  @Test func oneInstanceKeepsThePartitionsAtATime() throws {
    let other = try TestedInstance(database, TestedInstance.options(clock))
    _ = try other.connection.begin([query(LedgerSweep.gate)], deadline: .long)
    #expect(try makeAhead())
    #expect(try ranges() == ["0"])
    _ = try other.connection.finish([], deadline: .long)
    #expect(try makeAhead())
    #expect(try ranges() == ["0", "1", "2"])
  }
}
#endif
