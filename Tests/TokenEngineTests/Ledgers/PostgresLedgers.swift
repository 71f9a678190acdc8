#if Postgres
import Platform
import PostgresTesting
import Synchronization
import TokenLedgerPostgres
import TokenTesting

/// Ledgers in PostgreSQL, each in a schema of its own, on the time of a test.
enum PostgresLedgers {
  private static let database = Task { try await TestedDatabase.make() }
  private static let made = Atomic(0)

  /// Opens a new ledger on `server`, whose settings the test changes, or else in the database that all tests share.
  static func make(
    clock: ManualClock, sessionsPerSubjectMax: Int = 0, on server: TestedServer? = nil
  ) async throws -> PostgresLedger {
    let database =
      if let server { try await TestedDatabase.make(on: server) } else { try await Self.database.value }
    var options = PostgresOptions()
    options.schema = "ledger_\(made.add(1, ordering: .relaxed).newValue)"
    options.standby = .none
    options.sessionsPerSubjectMax = sessionsPerSubjectMax
    // What is held in a test is waited for, however slow the machine.
    options.requestDeadline = .seconds(60)
    options.simulatedClock = clock.sessionClock
    let schema = try SchemaName(options.schema)
    try await BlockingWork.run { () throws(any Error) in
      let connection = try database.connect()
      defer { connection.close() }
      _ = try DatabaseSchema.install(schema, on: connection, deadline: .now + .seconds(60))
      // The highest time that it has seen is that of the test.
      try connection.simple(
        "update \(schema.quoted).ledger set high_ms = \(clock.now.milliseconds)", deadline: .now + .seconds(60))
    }
    return try await PostgresLedger.open(database.address, options: options)
  }
}

/// A server whose commits wait for a standby while a test holds it.
struct HeldServer: Sendable {
  let server: TestedServer
  private let database: TestedDatabase

  init() async throws {
    server = try await TestedServer.start()
    database = try await TestedDatabase.make(on: server)
  }

  /// Returns once a commit waits.
  func hold() async {
    await BlockingWork.run {
      try? server.holdCommits()
      // The server heeds the setting a little later than it reads it.
      while commits() {}
    }
  }

  func release() async { await BlockingWork.run { try? server.releaseCommits() } }

  /// The number of steps that wait: for a standby, or for a row that such a step holds.
  var waiting: Int {
    get async throws {
      try await BlockingWork.run { () throws(any Error) in
        let count = try database.value(
          "select count(*) from pg_stat_activity where wait_event = 'SyncRep' or wait_event_type = 'Lock'")
        return count.flatMap { Int($0) } ?? 0
      }
    }
  }

  /// Writes, and returns false if that waits for a standby; on a slow machine it may only take long.
  private func commits() -> Bool {
    guard let connection = try? database.connect() else { return true }
    defer { connection.close() }
    let sql = "select pg_logical_emit_message(true, 'tests', 'held')"
    do { try connection.simple(sql, deadline: .now + .milliseconds(200)) } catch {
      let waiting = try? database.value(
        "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and query like '%''tests''%'")
      return waiting == "0" || waiting == nil
    }
    return true
  }
}
#endif
