#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres

@Suite(.fewAtOnce) struct TransactionTests {
  private let database: TestedDatabase
  private let connection: DatabaseConnection

  init() async throws {
    database = try await TestedDatabase.make()
    try database.execute("create table kept (a int8 primary key)")
    connection = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
  }

  private func keeps(_ number: Int64) -> Query { query("insert into kept values ($1)", [.int64(number)]) }

  private var kept: [String?] {
    get throws { try database.rows("select a from kept order by a").map { $0[0] } }
  }

  @Test func allQueriesAreOneTransactionAndEachAfterItOneOfItsOwn() throws {
    let number = query("select pg_current_xact_id()::text")
    let rows = try connection.run([number, number, keeps(1)], after: [number, number])
    let numbers = try [rows[0], rows[1], rows[3], rows[4]].map { try $0.text(0, 0) }
    #expect(rows.count == 5)
    #expect(numbers[0] == numbers[1])
    #expect(Set(numbers).count == 3)
    #expect(try kept == ["1"])
  }

  @Test func aLaterStatementSeesWhatWasCommittedSinceTheFirst() async throws {
    // Each statement has a snapshot of its own, as the prelude of a step needs.
    try database.execute("create table seen (a int8)")
    let other = try database.connect()
    try other.run([Query(.begin), query("select pg_advisory_xact_lock(8)"), query("insert into seen values (1)")])
    let address = database.address
    let reading = try Beside {
      let connection = try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
      let rows = try connection.run([
        query("select pg_advisory_xact_lock_shared(8)"), query("select count(*) from seen"),
      ])
      return try rows[1].int64(0, 0)
    }
    try database.wait(until: "select count(*) from pg_locks where locktype = 'advisory' and not granted", is: "1")
    try other.run([Query(.commit)])
    #expect(try reading.answer() == 1)
  }

  @Test func aTransactionThatBeginsStaysOpenUntilItsCommit() throws {
    try connection.run([Query(.begin), keeps(1)])
    #expect(connection.isInTransaction)
    #expect(try kept == [])
    try connection.run([keeps(2)])
    #expect(try kept == [])
    try connection.run([keeps(3), Query(.commit)], after: [query("select 1")])
    #expect(!connection.isInTransaction)
    #expect(try kept == ["1", "2", "3"])
  }

  @Test func aTransactionThatIsOpenIsRolledBackByAnErrorAndOnDemand() throws {
    try connection.run([Query(.begin), keeps(1)])
    #expect(connection.error(of: [keeps(1)])?.kind == .statement("23505", 0))
    #expect(!connection.isInTransaction)
    try connection.run([Query(.begin), keeps(2)])
    connection.rollBack(deadline: .now + .seconds(20))
    #expect(connection.isOpen && !connection.isInTransaction)
    connection.rollBack(deadline: .now + .seconds(20))
    try connection.run([keeps(3)])
    #expect(try kept == ["3"])
  }

  @Test func aStatementIsPreparedOnceAndServesEachLaterUse() throws {
    for number in 1...3 { try connection.run([keeps(Int64(number)), keeps(Int64(number) + 10)]) }
    let rows = try connection.run([query("select name from pg_prepared_statements where name like 'insert%'")])
    #expect(rows[0].count == 1)
    #expect(try kept.count == 6)
  }

  @Test func aStatementThatTheServerCouldNotPrepareIsPreparedAtItsNextUse() throws {
    let late = query("select a from made_later")
    #expect(connection.error(of: [keeps(1), late])?.kind == .statement("42P01", 1))
    try database.execute("create table made_later (a int8)")
    #expect(try connection.run([keeps(1), late])[1].count == 0)
  }

  @Test func aStatementThatWasPassedOverIsPreparedAtItsNextUse() throws {
    let (fails, second, third) = (query("select 1 / $1", [.int32(0)]), query("select 2"), query("select 3"))
    #expect(connection.error(of: [fails, second], after: [third])?.kind == .nothingHappened("22012"))
    let rows = try connection.run([second, third, query("select 1 / $1", [.int32(1)])])
    #expect(try rows.map { try $0.int64(0, 0) } == [2, 3, 1])
    // Prepared by the first transaction of a round trip, which fails before, and used in the next too.
    let fourth = query("select 4")
    #expect(connection.error(of: [fails, fourth], after: [fourth])?.kind == .nothingHappened("22012"))
    #expect(try connection.run([fourth], after: [fourth])[1].int64(0, 0) == 4)
  }

  @Test func aStatementWhoseColumnsWereChangedEndsTheConnectionAndTheNextOnePreparesItAnew() throws {
    let all = query("select * from kept")
    try connection.run([all])
    try database.execute("alter table kept add b text")
    #expect(connection.error(of: [all])?.kind == .nothingHappened("0A000"))
    #expect(!connection.isOpen)
    let next = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
    try next.run([all])
  }

  @Test func whatIsFarLargerThanAllBuffersGoesAndComesBack() throws {
    // The server answers the first query before it reads the last one: whoever only writes would wait for ever.
    let (count, text) = (64, String(repeating: "refresh ", count: 1 << 17))
    let queries = (0..<count).map { _ in query("select $1::text, $1::text", [.text(text)]) }
    let rows = try connection.run(queries)
    #expect(rows.count == count)
    #expect(try rows.allSatisfy { try $0.text(0, 1).utf8.count == text.utf8.count })
  }

  @Test func manyShortQueriesAreOneRoundTrip() throws {
    let rows = try connection.run((0..<5000).map { keeps($0) }, after: (5000..<5500).map { keeps($0) })
    #expect(rows.count == 5500)
    #expect(try database.value("select count(*) from kept") == "5500")
  }

  @Test func aScriptRunsAsOneTransaction() throws {
    let deadline = ContinuousClock.now + .seconds(20)
    try connection.simple("insert into kept values (1); insert into kept values (2); select 1", deadline: deadline)
    #expect(throws: DatabaseError.self) {
      try connection.simple("insert into kept values (3); insert into kept values (1)", deadline: deadline)
    }
    #expect(try kept == ["1", "2"])
    #expect(throws: DatabaseError.self) { try connection.simple("begin; select 1/0", deadline: deadline) }
    #expect(!connection.isInTransaction)
    try connection.run([keeps(4)])
  }

  @Test func aConnectionThatWasClosedSaysSo() throws {
    connection.close()
    connection.close()
    #expect(!connection.isOpen && !connection.isInTransaction)
    #expect(connection.serverVersion == 0 && connection.parameter("server_encoding") == nil)
    #expect(connection.error(of: [keeps(1)])?.kind == .unreachable)
    #expect(throws: DatabaseError.self) { try connection.simple("select 1", deadline: .now + .seconds(1)) }
    #expect(throws: DatabaseError.self) { try connection.waitForNotification(until: .now + .seconds(1)) }
  }
}
#endif
