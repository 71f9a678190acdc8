#if Postgres
import PostgresTesting
import Testing

@testable import TokenLedgerPostgres

@Suite("The schema of a ledger", .fewAtOnce, .timeLimit(.minutes(5)))
struct SchemaTests {
  private func install(
    _ name: String, on database: TestedDatabase, as role: String = "none"
  ) throws -> DatabaseSchema.Installation {
    let connection = try database.connect()
    defer { connection.close() }
    try connection.simple("set role \(role)", deadline: .now + .seconds(60))
    return try DatabaseSchema.install(SchemaName(name), on: connection, deadline: .now + .seconds(60))
  }

  private func refusal(_ name: String, on database: TestedDatabase, as role: String = "none") -> String? {
    do {
      return "\(try install(name, on: database, as: role))"
    } catch DatabaseError.unsuitable(let text) {
      return text
    } catch {
      return "\(error)"
    }
  }

  @Test("is made once, and stays as it is when it is made again", arguments: ["refresh_ledger", "Mine \" 1"])
  func twice(name: String) async throws {
    let database = try await TestedDatabase.make()
    #expect(try install(name, on: database) == .made)
    let ledger = "\(try SchemaName(name).quoted).ledger"
    try database.execute("update \(ledger) set shift_ms = 5")
    #expect(try install(name, on: database) == .present(DatabaseSchema.version))
    #expect(try database.value("select shift_ms from \(ledger)") == "5")
  }

  @Test("is waited for by whoever comes second for longer than a step waits for a lock")
  func patience() async throws {
    let database = try await TestedDatabase.make()
    let first = try database.connect()
    defer { first.close() }
    try first.simple("begin; select pg_advisory_xact_lock(\(LedgerSQL.schemaLock))", deadline: .now + .seconds(60))
    let second = try Beside {
      let connection = try database.connect()
      defer { connection.close() }
      try connection.simple("set lock_timeout = '50ms'", deadline: .now + .seconds(60))
      return try DatabaseSchema.install(
        SchemaName("refresh_ledger"), on: connection, deadline: .now + .seconds(60))
    }
    try database.wait(
      until: """
        select count(*) from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())
        """, is: "1")
    try first.simple("select pg_sleep(0.3); rollback", deadline: .now + .seconds(60))
    #expect(try second.answer() == .made)
  }

  @Test("is made once by any number that make it together")
  func together() async throws {
    let database = try await TestedDatabase.make()
    let makers = try (0..<6).map { _ in try Beside { try install("refresh_ledger", on: database) } }
    let made = try makers.map { try $0.answer() }
    #expect(made.count { $0 == .made } == 1)
    #expect(made.count { $0 == .present(DatabaseSchema.version) } == 5)
  }

  @Test("of a later program that no longer serves this one is refused, and one that does is not")
  func newer() async throws {
    let database = try await TestedDatabase.make()
    _ = try install("refresh_ledger", on: database)
    let version = DatabaseSchema.version
    try database.execute("update refresh_ledger.ledger set version = \(version + 1)")
    #expect(try install("refresh_ledger", on: database) == .present(version + 1))
    try database.execute("update refresh_ledger.ledger set oldest_program = \(version + 1)")
    #expect(refusal("refresh_ledger", on: database)?.contains("install a newer refresh-ledger") == true)
  }

  @Test("that is half there, or somebody else's, is refused and left alone")
  func halfMade() async throws {
    let database = try await TestedDatabase.make()
    try database.execute("create schema half; create table half.session (id int8)")
    #expect(refusal("half", on: database)?.contains("tables that are not a ledger's") == true)
    #expect(try database.value("select count(*) from pg_tables where schemaname = 'half'") == "1")
    _ = try install("emptied", on: database)
    try database.execute("delete from emptied.ledger")
    #expect(refusal("emptied", on: database)?.contains("has no ledger") == true)
  }

  @Test("that a role has no right to make is refused with the right that it needs")
  func noRight() async throws {
    let database = try await TestedDatabase.make()
    #expect(refusal("refresh_ledger", on: database, as: "pg_monitor")?.contains("grant create on database") == true)
    try database.execute("create schema given")
    #expect(refusal("given", on: database, as: "pg_monitor")?.contains("give it to this user") == true)
  }

  @Test("that is not there, is being filled or was left is told with what to do when an instance opens")
  func state() async throws {
    let database = try await TestedDatabase.make()
    var options = PostgresOptions()
    options.standby = .none
    func refusal() async -> String {
      do {
        let ledger = try await PostgresLedger.open(database.address, options: options)
        try await ledger.close()
        return "opened"
      } catch { return "\(error)" }
    }
    #expect(await refusal().contains("database init"))
    _ = try install("refresh_ledger", on: database)
    #expect(await refusal() == "opened")
    try database.execute("update refresh_ledger.ledger set state = 'copying'")
    #expect(await refusal().contains("database adopt"))
    try database.execute("update refresh_ledger.ledger set state = 'left'")
    #expect(await refusal().contains("--data"))
  }
}
#endif
