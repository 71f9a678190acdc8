#if Postgres
/// The schema of a ledger: its creation, its upgrades, and the check whether this program serves it.
///
/// Statements are in the instances and not in the database, so that instances of two versions can run side by side with
/// the newer schema: an upgrade adds what the newer version needs, the instances are replaced, and a later upgrade
/// removes what is no longer needed.
package enum DatabaseSchema {
  /// The version that this program makes, which is the newest that it knows.
  package static let version = version(after: upgrades)
  /// The steps from version 1, which ``SchemaTables`` makes, to ``version``, in order.
  package static let upgrades: [SchemaUpgrade] = [.keys]

  package enum Installation: Sendable, Hashable {
    case made
    case upgraded(from: Int64)
    /// The schema existed, in a version that this program serves.
    case present(Int64)
  }

  private static let first: Int64 = 1

  private static func version(after upgrades: [SchemaUpgrade]) -> Int64 { upgrades.last?.version ?? first }

  /// Makes the schema or upgrades it, in one transaction and under a lock.
  ///
  /// What exists already is unchanged. A schema is made as the first version and then upgraded, so that a new one does
  /// not differ from an old one.
  ///
  /// - Parameters:
  ///   - name: The name of the schema.
  ///   - issuer: The issuer of the tokens for a new schema; nil leaves it for later.
  ///   - state: The state of a new schema: `open`, or `copying` while sessions are moved in.
  ///   - upgrades: The steps to the version that the program needs.
  ///   - connection: A connection to the primary, without an open transaction.
  ///   - deadline: The time at which the connection is closed.
  /// - Returns: The outcome: the schema was made or upgraded, or there was nothing to do.
  /// - Throws: `.unsuitable` for a schema of a newer program, or one that somebody else made; `.nothingHappened` if
  ///   others hold the lock, or steps of the ledger are under way, for too long.
  package static func install(
    _ name: SchemaName, issuer: String? = nil, state: String = "open", upgrades: [SchemaUpgrade] = Self.upgrades,
    on connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Installation {
    do throws(DatabaseError) {
      let rows = try connection.transaction(
        [Query(.begin), Query(lock), Query(find, [.text(name.text), .text("\(name.quoted).ledger")])],
        deadline: deadline)
      let found = rows[2]
      if try !found.bool(0, 0) { try connection.simple("create schema \(name.quoted)", deadline: deadline) }
      try connection.simple("set local search_path to \(name.quoted)", deadline: deadline)
      let installation: Installation
      if try found.bool(0, 1) {
        installation = try upgrade(name, by: upgrades, on: connection, deadline: deadline)
      } else {
        try connection.simple(SchemaTables.script, deadline: deadline)
        _ = try connection.transaction(
          [Query(begin, [.int64(first), .text(state), .text(issuer)])], deadline: deadline)
        for upgrade in upgrades { try upgrade.run(on: connection, deadline: deadline) }
        installation = .made
      }
      _ = try connection.transaction([Query(.commit)], deadline: deadline)
      return installation
    } catch {
      try? connection.simple("rollback", deadline: deadline)
      throw error.explained(name)
    }
  }

  /// Runs the upgrades that a schema has not had yet, if there are any.
  private static func upgrade(
    _ name: SchemaName, by upgrades: [SchemaUpgrade], on connection: DatabaseConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Installation {
    let rows = try connection.transaction([Query(readVersion)], deadline: deadline)[0]
    let before = rows.count == 1 ? try rows.int64(0, 0) : 0
    let due = before < first ? [] : upgrades.filter { $0.version > before }
    if !due.isEmpty {
      _ = try connection.transaction([Query(SchemaUpgrade.endOfSteps)], deadline: deadline)
      for upgrade in due { try upgrade.run(on: connection, deadline: deadline) }
    }
    let now = try servedVersion(name, program: version(after: upgrades), on: connection, deadline: deadline)
    return due.isEmpty ? .present(now) : .upgraded(from: before)
  }

  /// Returns the version of a schema that has a ledger.
  ///
  /// - Throws: `.unsuitable` unless this program serves it and all of its tables exist.
  static func servedVersion(
    _ name: SchemaName, program: Int64 = version, on connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Int64 {
    let version = try servedVersion(
      try connection.transaction([Query(readVersion)], deadline: deadline)[0], of: name, program: program)
    let lacking = try missing(name, on: connection, deadline: deadline)
    guard lacking.isEmpty else {
      throw .unsuitable(
        "The schema \(name) lacks \(lacking.joined(separator: ", ")): it was restored in part, or somebody removed it; restore the "
          + "whole schema from a backup, or make another one (`store.schema`) with `refresh-ledger database init`.")
    }
    return version
  }

  /// Returns the names of a ledger's tables, and its sequence, that a schema lacks.
  ///
  /// If `ledger` is among them, the schema has no ledger at all.
  package static func missing(
    _ name: SchemaName, on connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [String] {
    let query = Query(missing, [.text(name.quoted), .textArray(tables)])
    let rows = try connection.transaction([query], deadline: deadline)[0]
    var names: [String] = []
    for row in 0..<rows.count { names.append(try rows.text(row, 0)) }
    return names
  }

  /// Returns the version in the ledger's row, of which `rows` have `version` and `oldest_program`.
  ///
  /// - Throws: `.unsuitable` unless a program that needs the version `program` serves it.
  static func servedVersion(
    _ rows: Rows, of name: SchemaName, program: Int64 = version
  ) throws(DatabaseError) -> Int64 {
    guard rows.count == 1 else {
      throw .unsuitable(
        "The schema \(name) has no ledger; restore it, or run `refresh-ledger database init` for another one.")
    }
    let (version, oldest) = (try rows.int64(0, 0), try rows.int64(0, 1))
    guard oldest <= program else {
      throw .unsuitable(
        "The schema \(name) has version \(version), which serves programs of version \(oldest) and later; this one has "
          + "\(program): install a newer refresh-ledger.")
    }
    guard version >= program else {
      throw .unsuitable(
        "The schema \(name) has version \(version), and this program needs \(program); run `refresh-ledger database init`."
      )
    }
    return version
  }

  /// A statement that takes the schema's lock.
  ///
  /// Its holder can be waiting for a standby, which takes longer than the second for which steps wait for a lock.
  private static let lock = Statement(
    name: "schema_lock",
    sql: "select set_config('lock_timeout', '30s', true), pg_advisory_xact_lock(\(LedgerSQL.schemaLock))")

  private static let find = Statement(
    name: "schema_find",
    sql: "select exists (select from pg_namespace where nspname = $1), to_regclass($2) is not null")

  private static let tables: [String?] = [
    "event", "ledger", "ledger_number", "mark", "one_time_token", "record", "revocation", "session", "time_shift",
    "used_proof",
  ]

  private static let missing = Statement(
    name: "schema_missing",
    sql: "select name from unnest($2) as name where to_regclass($1 || '.' || name) is null order by name")

  private static let readVersion = Statement(
    name: "schema_version", sql: "select version::int8, oldest_program::int8 from ledger")

  private static let begin = Statement(
    name: "schema_begin",
    sql: """
      insert into ledger(version, oldest_program, state, issuer, timeline, high_ms, server)
      select $1, $1, $2, $3, \(LedgerSQL.timeline), (extract(epoch from clock_timestamp()) * 1000)::int8, system_identifier::text
      from pg_control_system()
      """)
}

extension DatabaseError {
  /// Returns the error, with the fix for the most frequent faults in making a schema.
  fileprivate func explained(_ name: SchemaName) -> DatabaseError {
    let (code, text): (String, String)
    switch self {
    // An error of the first statement is the former, of any other the latter.
    case .nothingHappened(let found, let words), .statement(let found, _, let words): (code, text) = (found, words)
    default: return self
    }
    switch code {
    case "55P03":
      return .nothingHappened(
        code: code, "The ledger was in use for longer than an upgrade of the schema \(name) waits; run it again.")
    case "42501":
      return .unsuitable(
        "This user may not make the schema \(name): \(text); run `grant create on database ... to ...`, or make the schema and give it to this user."
      )
    case "42P07":
      return .unsuitable(
        "The schema \(name) has tables that are not a ledger's: \(text); choose another `store.schema`.")
    case "25006":
      return .unsuitable("The server takes no changes: \(text); name the primary in the database's address.")
    default: return self
    }
  }
}
#endif
