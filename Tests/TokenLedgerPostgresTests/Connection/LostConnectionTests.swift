#if Postgres
import Platform
import PostgresTesting
import Testing
import TokenLedgerPostgres

/// What is known of a transaction whose connection breaks.
@Suite(.fewAtOnce) struct LostConnectionTests {
  private let database: TestedDatabase

  init() async throws {
    database = try await TestedDatabase.make()
    try database.execute("create table kept (a int8 primary key)")
  }

  private func connect(_ address: DatabaseAddress) throws -> DatabaseConnection {
    try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
  }

  private func keeps(_ number: Int64) -> Query { query("insert into kept values ($1)", [.int64(number)]) }

  /// Waits until no other session is in the database, so that what was under way has ended.
  private func keptCount() throws -> String? {
    try database.wait(
      until: "select count(*) from pg_stat_activity where datname = '\(database.name)' and pid <> pg_backend_pid() "
        + "and backend_type = 'client backend'", is: "0")
    return try database.value("select count(*) from kept")
  }

  @Test func aConnectionCutBeforeAStatementIsLostAndNothingWasKept() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    try connection.run([keeps(1), keeps(2)])
    proxy.set(.cutBeforeStatement(3))
    #expect(connection.error(of: [keeps(3), keeps(4), keeps(5)])?.kind == .lost)
    #expect(proxy.struckCount == 1)
    #expect(!connection.isOpen)
    #expect(try keptCount() == "2")
  }

  @Test func aConnectionCutBeforeTheCommitIsLostAndNothingWasKept() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    proxy.set(.cutBeforeCommit(1))
    #expect(connection.error(of: [keeps(1)])?.kind == .lost)
    #expect(try keptCount() == "0")
  }

  @Test(arguments: [0, 1, 5, 20, 60]) func aConnectionCutInAnAnswerIsLostAndAllWasKept(bytes: Int) throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    try connection.run([keeps(1)])
    proxy.set(.cutInAnswer(1, bytes: bytes))
    #expect(connection.error(of: [keeps(2), query("select repeat('long', 100)")])?.kind == .lost)
    #expect(proxy.struckCount == 1)
    #expect(try keptCount() == "2")
  }

  @Test func aConnectionCutInTheAnswerToWhatComesAfterIsLostThoughAllWasKept() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    proxy.set(.cutInAnswer(2))
    #expect(connection.error(of: [keeps(1)], after: [keeps(2)])?.kind == .lost)
    #expect(try keptCount() == "2")
  }

  @Test func anErrorThatWasToldBeforeTheEndStaysWhatItIs() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    proxy.set(.cutInAnswer(2))
    #expect(
      connection.error(of: [query("select 1 / 0"), keeps(1)], after: [keeps(2)])?.kind == .nothingHappened("22012"))
    #expect(!connection.isOpen)
  }

  @Test func aDeadlineThatPassesClosesTheConnectionAndCancelsNothing() throws {
    let connection = try connect(database.address)
    let slow = query("select pg_sleep(0.3)")
    do {
      _ = try connection.transaction([keeps(1), slow], deadline: .now + .milliseconds(50))
      Issue.record("an answer before the deadline")
    } catch {
      #expect(error.kind == .lost)
    }
    #expect(!connection.isOpen)
    // The server carries out what it has.
    #expect(try keptCount() == "1")
  }

  @Test func anAnswerThatIsHeldIsLostAtTheDeadlineThoughAllWasKept() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    proxy.set(.holdAnswer(1))
    #expect(throws: DatabaseError.self) {
      try connection.transaction([keeps(1)], deadline: .now + .milliseconds(50))
    }
    proxy.release()
    #expect(try keptCount() == "1")
  }

  @Test func anAnswerThatComesTooSlowlyIsLostThoughSomethingComesAllTheTime() throws {
    let proxy = try FaultProxy(to: database.server)
    let connection = try connect(try proxy.address(of: database))
    proxy.set(.dripAnswer(1))
    // In more than ten minutes, where nobody gave up.
    let long = query("select repeat('long', 200000)")
    #expect(throws: DatabaseError.self) {
      try connection.transaction([keeps(1), long], deadline: .now + .milliseconds(100))
    }
    #expect(!connection.isOpen)
    #expect(try keptCount() == "1")
  }

  @Test func anAnswerThatIsGarbledNeitherTrapsNorHangs() throws {
    let proxy = try FaultProxy(to: database.server)
    let (numbers, texts) = (query("select a, a::text, null from generate_series(1, 20) a"), query("select '{\"a\":1}'"))
    for seed in 0..<40 as Range<UInt64> {
      let connection = try connect(try proxy.address(of: database))
      defer { connection.close() }
      try connection.run([numbers, texts])
      proxy.set(.garbleAnswer(1, seed: seed))
      do {
        let deadline = ContinuousClock.now + .milliseconds(100)
        for rows in try connection.transaction([numbers, keeps(Int64(seed)), texts], deadline: deadline) {
          for row in 0..<rows.count {
            for column in 0..<3 { _ = (try? rows.int64(row, column), try? rows.textIfPresent(row, column)) }
          }
        }
      } catch {
        // A garbled error is an error like another; what looks like a success is one.
        #expect(error.kind != .unreachable, "seed \(seed)")
      }
    }
    #expect(try keptCount() == "40")
  }

  @Test func anAnswerThatIsHeldAndReleasedArrives() async throws {
    let proxy = try FaultProxy(to: database.server)
    let address = try proxy.address(of: database)
    proxy.set(.holdAnswer(1))
    let rows = try Beside {
      try DatabaseConnection.open(address, host: 0, timeout: .seconds(20)).run([query("select 7")])[0].int64(0, 0)
    }
    while proxy.struckCount == 0 { Program.pause(microseconds: 1000) }
    proxy.release()
    #expect(try rows.answer() == 7)
  }

  @Test func aSessionThatIsTerminatedWhileItWorksIsLost() async throws {
    let connection = try connect(database.address)
    let (database, id) = (database, connection.backendProcessID)
    let terminating = try Beside {
      try database.wait(
        until:
          "select pg_terminate_backend(\(id)) from pg_stat_activity where query like '%sleep(60)%' and pid = \(id) "
          + "and state = 'active'", is: "true")
    }
    // Also of the first statement: the end of a session is told as an error of the statement that was under way.
    let error = connection.error(of: [query("select pg_sleep(60)"), keeps(1)])
    try terminating.answer()
    #expect(error?.kind == .lost)
    #expect(error?.description.contains("terminating connection") == true)
    #expect(!connection.isOpen)
  }

  @Test func aSessionThatWasTerminatedWhileItWaitedIsUnreachableAndNothingWasSent() throws {
    let connection = try connect(database.address)
    try connection.run([keeps(1)])
    try database.execute("select pg_terminate_backend(\(connection.backendProcessID))")
    _ = try keptCount()
    #expect(connection.error(of: [keeps(2)])?.kind == .unreachable)
    #expect(!connection.isOpen)
  }

  @Test func aTransactionThatIsOpenAndTerminatedIsLost() throws {
    let connection = try connect(database.address)
    try connection.run([Query(.begin), keeps(1)])
    try database.execute("select pg_terminate_backend(\(connection.backendProcessID))")
    _ = try keptCount()
    #expect(connection.error(of: [keeps(2), Query(.commit)])?.kind == .lost)
  }

  @Test func aServerThatIsKilledLosesWhatIsUnderWayAndKeepsWhatWasCommitted() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.make(on: server)
    try database.execute("create table kept (a int8 primary key)")
    let connection = try connect(database.address)
    try connection.run([keeps(1)])
    try connection.run([Query(.begin), keeps(2)])
    try server.restart(.kill)
    #expect(connection.error(of: [keeps(3), Query(.commit)])?.kind == .lost)
    #expect(try database.rows("select a from kept") == [["1"]])
  }

  @Test func aServerThatIsFrozenIsLostAtTheDeadline() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let connection = try connect(try server.address(database: "postgres"))
    server.freeze()
    defer { server.thaw() }
    #expect(throws: DatabaseError.self) {
      // Larger than what the system takes for a reader that does not read.
      try connection.transaction(
        [query("select $1", [.text(String(repeating: "a", count: 32 << 20))])], deadline: .now + .milliseconds(200))
    }
    #expect(!connection.isOpen)
  }
}
#endif
