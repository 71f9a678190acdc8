#if Postgres
internal import LedgerTesting
internal import Platform
internal import PostgresTesting
internal import Synchronization
internal import TokenLedger
internal import TokenLedgerPostgres

/// A ledger in a schema of its own, of the one database that all cases share.
struct ProofDatabase: Sendable {
  private static let shared = Task { try await TestedDatabase.make() }
  private static let made = Atomic(0)

  let database: TestedDatabase
  let schema: SchemaName
  /// What every instance takes for the database's clock; nil for that itself.
  let clock: ManualClock?

  /// Makes a schema of its own for a ledger, without the ledger's tables if `isEmpty`.
  static func make(clock: ManualClock?, isEmpty: Bool = false) async throws -> ProofDatabase {
    let database = try await shared.value
    let schema = try SchemaName("proof_\(made.add(1, ordering: .relaxed).newValue)")
    let made = ProofDatabase(database: database, schema: schema, clock: clock)
    if !isEmpty { try await BlockingWork.run { () throws(any Error) in try made.install() } }
    return made
  }

  private func install() throws {
    let connection = try database.connect()
    defer { connection.close() }
    _ = try DatabaseSchema.install(schema, on: connection, deadline: .now + .seconds(60))
    try connection.simple(startOfTime, deadline: .now + .seconds(60))
  }

  /// Has the ledger begin at the time of its clock.
  private var startOfTime: String {
    clock.map { "update \(schema.quoted).ledger set high_ms = \($0.now.milliseconds)" } ?? "select"
  }

  /// Has the ledger begin at the time of its clock, once its tables are made.
  func beginTime() async throws { try await execute(startOfTime) }

  func drop() async { try? await execute("drop schema if exists \(schema.quoted) cascade") }

  /// Of a server without standbys.
  var options: PostgresOptions {
    var options = PostgresOptions()
    options.schema = schema.text
    options.standby = .none
    options.connections = 1
    options.requestDeadline = .seconds(30)
    options.simulatedClock = clock?.sessionClock
    return options
  }

  // MARK: - What it has

  func execute(_ sql: String) async throws {
    try await BlockingWork.run { () throws(any Error) in try database.execute(sql) }
  }

  /// The rows of a `select` in which `ledger.` stands before the tables' names.
  func rows(_ sql: String) async throws -> [[String?]] {
    let sql = sql.replacing("ledger.", with: "\(schema.quoted).")
    return try await BlockingWork.run { () throws(any Error) in try database.rows(sql) }
  }

  /// Returns once every step that was under way has ended.
  func waitForSteps() async throws {
    try await execute(
      """
      set search_path to \(schema.quoted); set lock_timeout = '20s';
      select pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock))
      """)
  }

  /// What contradicts itself in the tables: a line each.
  func contradictions() async throws -> [String] { try await rows(LedgerInvariants.sql).compactMap { $0.first ?? nil } }
}
#endif
