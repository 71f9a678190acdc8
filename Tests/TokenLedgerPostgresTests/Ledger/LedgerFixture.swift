#if Postgres
import PostgresTesting
import RotationModel
import Testing
import TokenLedgerPostgres
import TokenTestInputs

/// A database with a ledger of a test's own, and instances on it.
struct LedgerFixture: Sendable {
  let database: TestedDatabase
  /// Of the tests' time; nil for the database's own.
  let clock: ManualClock?

  /// Makes a database with a ledger, whose instances all take `clock` for the database's clock.
  init(on server: TestedServer? = nil, clock: ManualClock? = nil) async throws {
    self.clock = clock
    database = try await TestedDatabase.make(on: server)
    let connection = try database.connect()
    defer { connection.close() }
    _ = try DatabaseSchema.install(
      SchemaName("refresh_ledger"), issuer: "https://tokens.example", on: connection, deadline: .now + .seconds(60))
    // The highest time that it has seen is that of the test.
    if let clock { try execute("update ledger set high_ms = \(clock.now.milliseconds)") }
  }

  /// The options of a server without standbys.
  var options: PostgresOptions {
    var options = PostgresOptions()
    options.standby = .none
    options.requestDeadline = .seconds(20)
    options.simulatedClock = clock?.sessionClock
    return options
  }

  /// Opens an instance, by the proxy if one is given, and closes it after `body`.
  func withLedger<Outcome>(
    _ options: PostgresOptions? = nil, by proxy: FaultProxy? = nil,
    _ body: (PostgresLedger) async throws -> Outcome
  ) async throws -> Outcome {
    let address = try proxy?.address(of: database) ?? database.address
    return try await PostgresLedger.withOpen(address, options ?? self.options, body)
  }

  /// The text of one value of one row.
  func value(_ sql: String) throws -> String? {
    try database.value(sql.replacing("ledger.", with: "refresh_ledger."))
  }

  func execute(_ sql: String) throws {
    try database.execute("set search_path to refresh_ledger; \(sql)")
  }
}

extension SessionGrant {
  /// A session of an hour.
  static func tested(_ subject: String = "ann", client: String = "web") throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 3_600_000, absoluteMilliseconds: 36_000_000))
    return SessionGrant(
      subject: subject, client: client, scope: "read", lifetimes: lifetimes,
      subjectVersion: .unknown, clientVersion: .unknown, accessMilliseconds: 900_000)
  }
}

extension PostgresLedger {
  func open(_ subject: String = "ann", client: String = "web") async throws -> Session {
    try await open(.tested(subject, client: client), deadline: nil) { session, _ in session }
  }

  func rotate(
    _ token: TokenID, client: String = "web", grace: Int64 = 0, reuse: ReusePolicy = .revokeSession
  ) async throws(LedgerError) -> Rotation {
    let request = RotationRequest(
      token: token, client: client, graceMilliseconds: grace, reuse: reuse, accessMilliseconds: 900_000)
    return try await rotate(request, deadline: nil) { rotation, _ in rotation }
  }
}

extension Rotation {
  /// The session of a rotation that succeeded.
  var granted: Session? {
    switch self {
    case .rotated(let session), .refreshed(let session): session
    default: nil
    }
  }

  var refusal: RotationRefusal? {
    guard case .refused(let refusal) = self else { return nil }
    return refusal
  }
}

extension PostgresLedger {
  /// One that is closed after `body`.
  static func withOpen<Outcome>(
    _ address: DatabaseAddress, _ options: PostgresOptions, _ body: (PostgresLedger) async throws -> Outcome
  ) async throws -> Outcome {
    let ledger = try await open(address, options: options)
    do {
      let outcome = try await body(ledger)
      try await ledger.close()
      return outcome
    } catch {
      try? await ledger.close()
      throw error
    }
  }
}
#endif
