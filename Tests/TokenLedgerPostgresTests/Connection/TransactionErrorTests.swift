#if Postgres
import Platform
import PostgresTesting
import Testing
import TokenLedgerPostgres

/// What each error says of its transaction, each provoked on a real server.
@Suite(.fewAtOnce) struct TransactionErrorTests {
  private let database: TestedDatabase
  private let connection: DatabaseConnection

  init() async throws {
    database = try await TestedDatabase.make()
    try database.execute(
      """
      create table kept (a int8 primary key, b int8 default 0);
      create table late (a int8 primary key deferrable initially deferred);
      insert into kept values (100), (101);
      """)
    connection = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
  }

  private func keeps(_ number: Int64) -> Query { query("insert into kept values ($1)", [.int64(number)]) }
  private let fails = query("select 1 / 0")

  private var keptCount: String? { get throws { try database.value("select count(*) from kept where a < 100") } }

  @Test func anErrorOfTheFirstStatementMeansThatNothingHappened() throws {
    #expect(connection.error(of: [fails, keeps(1)], after: [query("select 1")])?.kind == .nothingHappened("22012"))
    #expect(connection.error(of: [Query(.begin), fails, keeps(1)])?.kind == .nothingHappened("22012"))
    #expect(try keptCount == "0")
    #expect(connection.isOpen)
  }

  @Test func anErrorOfALaterStatementIsToldWithItsPlace() throws {
    #expect(connection.error(of: [keeps(1), fails, keeps(2)])?.kind == .statement("22012", 1))
    #expect(connection.error(of: [keeps(1), keeps(2), keeps(1)])?.kind == .statement("23505", 2))
    #expect(connection.error(of: [Query(.begin), keeps(1), fails])?.kind == .statement("22012", 2))
    #expect(try keptCount == "0")
  }

  @Test func theFirstStatementOfALaterRoundTripIsNotTheFirstOfItsTransaction() throws {
    try connection.run([Query(.begin), keeps(1)])
    #expect(connection.error(of: [fails])?.kind == .statement("22012", 0))
  }

  @Test func anErrorOfTheCommitHasThePlaceAfterTheQueries() throws {
    let twice = query("insert into late values (1)")
    #expect(connection.error(of: [keeps(1), twice, twice])?.kind == .statement("23505", 3))
    #expect(connection.error(of: [twice, twice], after: [keeps(2)])?.kind == .statement("23505", 2))
    // What comes after is a transaction of its own.
    #expect(try database.rows("select a from kept where a < 100") == [["2"]])
  }

  @Test func anErrorAfterTheTransactionIsNeverThatNothingHappened() throws {
    #expect(connection.error(of: [keeps(1)], after: [fails])?.kind == .statement("22012", 2))
    #expect(connection.error(of: [keeps(2)], after: [query("select 1"), fails])?.kind == .statement("22012", 3))
    let conflict = query("do $$ begin raise exception using errcode = '40001', message = 'ours'; end $$")
    #expect(connection.error(of: [keeps(3)], after: [conflict]) == .statement(code: "40001", index: 2, "ours"))
    #expect(try keptCount == "3")
  }

  @Test func ofTwoErrorsTheTransactionsOwnIsTold() throws {
    #expect(connection.error(of: [fails], after: [query("select nothing")])?.kind == .nothingHappened("22012"))
  }

  @Test func anErrorIsToldInTheServersWordsAlone() throws {
    let error = connection.error(of: [keeps(1), query("insert into kept values (100)")])
    #expect(
      error == .statement(code: "23505", index: 1, #"duplicate key value violates unique constraint "kept_pkey""#))
  }

  @Test func anErrorOfSeveralLinesIsToldOnOne() throws {
    let raise = query("do $$ begin raise exception using errcode = 'RL001', message = E'one\\n  two\\n'; end $$")
    #expect(connection.error(of: [raise]) == .nothingHappened(code: "RL001", "one; two"))
  }

  @Test func aLockThatIsNotGotInTimeMeansThatNothingHappened() throws {
    let other = try database.connect()
    try other.run([Query(.begin), query("update kept set b = 1 where a = 100")])
    let limit = query("set local lock_timeout = '20ms'")
    let error = connection.error(of: [limit, keeps(1), query("update kept set b = 2 where a = 100")])
    #expect(error?.kind == .nothingHappened("55P03"))
    #expect(try keptCount == "0")
  }

  @Test func aConflictOfTwoSerializableTransactionsMeansThatNothingHappened() throws {
    let other = try database.connect()
    let begin = query("set transaction isolation level repeatable read")
    try connection.run([Query(.begin), begin, query("select count(*) from kept")])
    try other.run([query("update kept set b = 1 where a = 100")])
    #expect(
      connection.error(of: [keeps(1), query("update kept set b = 2 where a = 100")])?.kind
        == .nothingHappened("40001"))
    #expect(!connection.isInTransaction)
    #expect(try keptCount == "0")
  }

  @Test func aDeadlockMeansThatNothingHappenedToOneOfTheTwo() async throws {
    @Sendable func update(_ number: Int) -> Query { query("update kept set b = b + 1 where a = \(number)") }
    try connection.run([Query(.begin), update(100)])
    let other = try database.connect()
    try other.run([query("set deadlock_timeout = '1h'")])
    try other.run([Query(.begin), update(101)])
    let waiting = Handover(other)
    let theirs = try Beside {
      waiting.taken().error(of: [update(100), Query(.commit)])
    }
    try database.wait(until: "select count(*) from pg_locks where not granted", is: "1")
    // Whose timeout is the shorter one finds the deadlock.
    #expect(connection.error(of: [update(101), Query(.commit)])?.kind == .nothingHappened("40P01"))
    #expect(try theirs.answer() == nil)
    #expect(try database.value("select sum(b) from kept") == "2")
  }

  @Test func aCancellationByAnAdministratorIsAnErrorLikeAnother() async throws {
    let database = database
    let id = connection.backendProcessID
    let cancelling = try Beside {
      try database.wait(
        until: "select pg_cancel_backend(\(id)) from pg_stat_activity where query like '%sleep(60)%' and pid = \(id) "
          + "and state = 'active'", is: "true")
    }
    let error = connection.error(of: [keeps(1), query("select pg_sleep(60)")])
    try cancelling.answer()
    #expect(error?.kind == .statement("57014", 1))
    #expect(connection.isOpen)
    #expect(try keptCount == "0")
  }

  @Test func noticesAreNoWarningsAndAWarningMakesASuccessUncertain() throws {
    func raise(_ level: String) -> Query { query("do $$ begin raise \(level) 'a % of ours', 'word'; end $$") }
    try connection.run([raise("notice"), raise("info"), raise("log"), raise("debug"), keeps(1)])
    #expect(connection.error(of: [raise("warning"), keeps(2)]) == .warned("a word of ours (01000)"))
    // It was the last transaction's.
    try connection.run([keeps(3)])
    #expect(connection.error(of: [keeps(4)], after: [raise("warning")])?.kind == .warned)
    #expect(connection.error(of: [raise("warning"), fails])?.kind == .statement("22012", 1))
    #expect(try keptCount == "4")
    #expect(throws: DatabaseError.warned("a word of ours (01000)")) {
      try connection.simple("do $$ begin raise warning 'a % of ours', 'word'; end $$", deadline: .now + .seconds(20))
    }
  }

  @Test func aWarningInATransactionThatStaysOpenEndsIt() throws {
    let raise = query("do $$ begin raise warning 'ours'; end $$")
    #expect(connection.error(of: [Query(.begin), raise])?.kind == .warned)
    #expect(connection.isOpen && !connection.isInTransaction)
  }
}

/// Hands a connection to another thread.
///
/// `@unchecked`: whoever makes it does not use the connection until the other thread is done.
final class Handover: @unchecked Sendable {
  private let connection: DatabaseConnection

  init(_ connection: DatabaseConnection) { self.connection = connection }

  func taken() -> DatabaseConnection { connection }
}
#endif
