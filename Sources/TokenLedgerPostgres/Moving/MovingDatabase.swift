#if Postgres

/// The database of a move: a connection to the primary that serves nothing else.
///
/// One thread uses it, and its calls block.
final class MovingDatabase {
  let options: PostgresOptions
  let schema: SchemaName
  let time: StatementTime
  private let database: DatabaseConnection
  private let setting: LedgerSetting

  /// The longest time of one transaction, which includes waiting for a slow standby.
  private static let patience = Duration.seconds(60)

  init(_ address: DatabaseAddress, _ options: PostgresOptions) throws(DatabaseError) {
    setting = try LedgerSetting(options: options)
    (self.options, schema, time) = (options, setting.schema, setting.time)
    database = try Connector(address, setting: setting).connectToPrimary(deadline: .now + .seconds(10))
  }

  func close() { database.close() }

  /// Creates the schema if there is none, with a ledger that no instance serves.
  func install(issuer: String?) throws(DatabaseError) {
    _ = try DatabaseSchema.install(schema, issuer: issuer, state: "copying", on: database, deadline: deadline)
    try database.simple("set search_path to \(schema.quoted)", deadline: deadline)
  }

  /// Checks whether the schema has a ledger.
  func hasLedger() throws(DatabaseError) -> Bool {
    try run([Query(Self.find, [.text("\(schema.quoted).ledger")])])[0].bool(0, 0)
  }

  /// Runs one transaction, in one round trip.
  func run(_ queries: [Query]) throws(DatabaseError) -> [Rows] {
    let clock = setting.prelude.clock()
    return Array(try database.transaction(clock + queries, deadline: deadline).dropFirst(clock.count))
  }

  /// Runs one transaction after every step that is under way, and before all later ones.
  ///
  /// - Parameter decide: A closure that returns the changes for the ledger's row; an error that it throws ends the
  ///   transaction without changes.
  /// - Returns: The rows of the changes, which are on a standby if one is required.
  /// - Throws: `.database(.nothingHappened)` if the steps under way do not end within a second.
  func runAlone(_ decide: (LedgerPlace) throws -> [Query]) throws -> [Rows] {
    let clock = setting.prelude.clock()
    let begun: [Rows]
    do throws(DatabaseError) {
      begun = try database.transaction(
        [Query(.begin)] + clock + [Query(lock), Query(LedgerPlace.look)], deadline: deadline)
    } catch {
      throw error.isWithoutStandby ? StepRefusal.standby.error : error
    }
    do {
      let queries = try decide(try LedgerPlace(begun[begun.count - 1], of: schema))
      let check = options.standby == .required ? [Query(Self.standbyNames)] : []
      let rows = try database.transaction(queries + [Query(.commit)], after: check, deadline: deadline)
      if !check.isEmpty, try rows[queries.count + 1].text(0, 0).isEmpty {
        throw DatabaseError.warned("the primary's synchronous_standby_names was emptied while a change was committed")
      }
      return Array(rows.prefix(queries.count))
    } catch {
      database.rollBack(deadline: deadline)
      throw error
    }
  }

  private var deadline: ContinuousClock.Instant { .now + Self.patience }

  private var lock: Statement {
    let standby =
      options.standby == .required
      ? """
      case when current_setting('synchronous_standby_names') = '' then \
      \(StepRefusal.sql("standby", "current_setting('synchronous_standby_names')")) end
      """ : "null::int4"
    return Statement(
      name: "move_lock",
      sql: "select \(standby), pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock)) from ledger_number")
  }

  private static let find = Statement(name: "move_find", sql: "select to_regclass($1) is not null")

  private static let standbyNames = Statement(
    name: "move_standby", sql: "select current_setting('synchronous_standby_names')")
}

/// A ledger in a database, as a move reads it.
struct LedgerPlace {
  let state: String
  let issuer: String?
  let adoption: MoveNote?
  let departure: MoveNote?
  /// True if there is no session, no account, and nothing else but keys.
  let isEmpty: Bool
  /// True if there are keys, as `database init` makes them.
  let hasKeys: Bool

  static let look: Statement = {
    func note(_ kind: MoveNote.Kind) -> String {
      "(select body from record where kind = '\(kind.rawValue)' and name = '\(MoveNote.name)')"
    }
    let kinds = (MoveNote.Kind.allCases.map(\.rawValue) + [SharedRecord.Kind.key.rawValue]).map { "'\($0)'" }
      .joined(separator: ", ")
    return Statement(
      name: "move_look",
      sql: """
        select l.version::int8, l.oldest_program::int8, l.state, l.issuer, \(note(.adoption)), \(note(.departure)),
          not (exists (select from session) or exists (select from one_time_token) or exists (select from event)
            or exists (select from mark) or exists (select from revocation)
            or exists (select from record where kind not in (\(kinds)))),
          exists (select from record where kind = '\(SharedRecord.Kind.key.rawValue)')
        from ledger l
        """)
  }()

  init(_ rows: Rows, of schema: SchemaName) throws(DatabaseError) {
    _ = try DatabaseSchema.servedVersion(rows, of: schema)
    (state, issuer) = (try rows.text(0, 2), try rows.textIfPresent(0, 3))
    func note(_ column: Int) throws(DatabaseError) -> MoveNote? {
      guard let body = try rows.bytesIfPresent(0, column) else { return nil }
      return try MoveNote(body: body)
    }
    (adoption, departure) = (try note(4), try note(5))
    (isEmpty, hasKeys) = (try rows.bool(0, 6), try rows.bool(0, 7))
  }
}

extension MoveNote {
  /// Returns the query that replaces the note `before`, nil for none, by this one.
  ///
  /// The query fails if there is another note by now, or if the ledger has another state.
  func replacing(_ before: MoveNote?, kind: Kind, state: String) -> Query {
    Query(
      Self.replacement,
      [.text(kind.rawValue), .bytes(before?.body), .bytes(body), .text(state)])
  }

  private static let replacement = Statement(
    name: "move_note",
    sql: """
      with held as materialized (select l.state from ledger l for share),
      changed as (
        update record set body = $3, change = nextval('ledger_number')
        where kind = $1 and name = '\(name)' and body = $2 and (select state from held) = $4
        returning 1
      ), made as (
        insert into record(kind, name, body, change)
        select $1, '\(name)', $3, nextval('ledger_number') from held where $2::bytea is null and state = $4
        returning 1
      )
      select case when n.total <> 1 then \(StepRefusal.sql("move", "n.total")) end
      from (select (select count(*) from changed) + (select count(*) from made) as total) n
      """)
}

extension DatabaseError {
  /// True if another program makes the same move.
  var isOtherMove: Bool {
    if case .changed(let what)? = stepRefusal { what.hasPrefix("move") } else { false }
  }

  /// True if the server named no synchronous standby although one is required.
  fileprivate var isWithoutStandby: Bool { stepRefusal == .standby }

  private var stepRefusal: StepRefusal? {
    switch self {
    case .nothingHappened(let code, let text), .statement(let code, _, let text):
      StepRefusal(code: code, text: text)
    default: nil
    }
  }
}
#endif
