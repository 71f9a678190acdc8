#if Postgres
internal import Platform
internal import TokenLedger

/// Looks at sessions.
///
/// An answer, too, waits until what it saw is on the standby.
enum ReadingSteps {
  /// The session if it is live.
  static func session(
    _ id: SessionID, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Session? {
    try sessions(
      Query(sessionStatement[connection.setting.time], [.bytes(id.bytes)]), on: connection, deadline: deadline
    )
    .first
  }

  /// The live sessions of a scope with ids after one, in the order of ids; one more than a page holds says that there
  /// is another.
  static func page(
    of scope: SessionScope, after id: SessionID?, limit: Int, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> SessionPage {
    let (subject, client) = scope.columns
    let parameters: [Parameter] = [.bytes(id?.bytes ?? []), .int64(Int64(limit) + 1)]
    let names = [subject, client].compactMap { $0 }.map { Parameter.text($0) }
    let statement = Self.statement(pages, scope)[connection.setting.time]
    let found = try sessions(Query(statement, parameters + names), on: connection, deadline: deadline)
    var page = SessionPage(sessions: Array(found.prefix(limit)))
    if found.count > limit, let last = page.sessions.last { page.next = SessionCursor(text: last.id.text) }
    return page
  }

  /// Counts the live sessions of a scope.
  ///
  /// The count looks at each, and holds nothing up meanwhile: the step comes after it. What that step finds of the
  /// ledger and waits for is so of what was counted, which the same server had before.
  static func count(
    of scope: SessionScope, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Int {
    let (subject, client) = scope.columns
    let statement = Self.statement(counts, scope)[connection.setting.time]
    let names = [subject, client].compactMap { $0 }.map { Parameter.text($0) }
    let found = try connection.look(Query(statement, names), isWide: scope == .all, deadline: deadline)
    _ = try connection.step([Query(LedgerSQL.barrierStatement)], deadline: deadline)
    return Int(try found.int64(0, 0))
  }

  /// The ledger's figures, of which the instance adds what it knows itself.
  ///
  /// They decide nothing, so no step is behind them: they can be those of a server that was left behind. Many sessions
  /// are counted by the planner's estimate, which is some minutes old.
  static func statistics(
    on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerStatistics {
    let rows = try connection.look(Query(statisticsStatement), isWide: true, deadline: deadline)
    let (live, ended, oneTime) = (Int(try rows.int64(0, 0)), Int(try rows.int64(0, 1)), Int(try rows.int64(0, 2)))
    return LedgerStatistics(
      liveSessions: live, entries: live + ended + oneTime, sequence: UInt64(clamping: try rows.int64(0, 3)),
      durableSequence: 0, logBytes: 0, clockShiftSeconds: 0, isWritable: true)
  }

  private static let statisticsStatement = Statement(
    name: "statistics",
    sql: """
      select case when s.is_large then s.estimate else (select count(*) from session where status = 1) end,
        case when s.is_large then 0 else (select count(*) from session where status <> 1) end,
        case when o.is_large then o.estimate else (select count(*) from one_time_token) end,
        (select \(LedgerSQL.lastNumber) from ledger_number)
      from (\(estimate("session"))) s, (\(estimate("one_time_token"))) o
      """)

  private static func estimate(_ table: String) -> String {
    "select reltuples::int8 as estimate, reltuples > 100000 as is_large from pg_class where oid = '\(table)'::regclass"
  }

  /// Returns who has live sessions, of those with ids after one: at most ``holdersRows`` rows are looked at.
  static func holders(
    after id: SessionID?, into holders: inout SessionHolders, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> SessionID? {
    let query = Query(holdersStatement[connection.setting.time], [.bytes(id?.bytes ?? [])])
    let rows = try connection.step([query, Query(LedgerSQL.barrierStatement)], deadline: deadline).rows[0]
    var last: SessionID?
    for row in 0..<rows.count {
      // The first of each group says where the part that was looked at ends; null where there is none.
      if try rows.int64(row, 4) == holdersRows { last = try rows.sessionID(row, 3) }
      guard let subject = try rows.textIfPresent(row, 0) else { continue }
      let client = try rows.text(row, 1)
      let version = AccountVersion(stored: UInt64(bitPattern: try rows.int64(row, 2)))
      holders.note(
        subject: subject, client: client, version: version, opening: Timestamp(milliseconds: try rows.int64(row, 5)))
    }
    return last
  }

  private static func sessions(
    _ query: Query, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Session] {
    let answer = try connection.step(
      [query, Query(StepMoment.shiftsStatement), Query(LedgerSQL.barrierStatement)], deadline: deadline)
    let shifts = try TimeShifts(answer.rows[1])
    var sessions: [Session] = []
    for row in 0..<answer.rows[0].count {
      sessions.append(try SessionRow(answer.rows[0], row).session(shifts, at: answer.prelude.now))
    }
    return sessions
  }

  // MARK: - Statements

  private static let sessionStatement = TimedStatement(name: "session") { time in
    "select \(LedgerSQL.sessionColumns) from session s, (\(time.moment)) m where s.id = $1 and \(LedgerSQL.isUsable)"
  }

  private struct ByScope: Sendable {
    let all, subject, client, both: TimedStatement

    /// Makes the statements by `sql`, which gives the one for a condition, whose first parameter has this number, and
    /// the column that the condition is of, if there is one.
    init(_ name: String, firstParameter first: Int, _ sql: @escaping (StatementTime, String, String?) -> String) {
      all = TimedStatement(name: "\(name)_all") { sql($0, "true", nil) }
      subject = TimedStatement(name: "\(name)_subject") { sql($0, "s.subject = $\(first)", "s.subject") }
      client = TimedStatement(name: "\(name)_client") { sql($0, "s.client = $\(first)", "s.client") }
      // By the index of subjects: a client has more sessions than a subject.
      both = TimedStatement(name: "\(name)_both") {
        sql($0, "s.subject = $\(first) and (s.client = $\(first + 1)) is true", "s.subject")
      }
    }
  }

  private static func statement(_ statements: ByScope, _ scope: SessionScope) -> TimedStatement {
    switch scope {
    case .all: statements.all
    case .subject: statements.subject
    case .client: statements.client
    case .subjectAtClient: statements.both
    }
  }

  /// As a range of an index: an equality alone would let the planner walk through all sessions in the order of ids, to
  /// find those of a client that has few.
  private static let pages = ByScope("page", firstParameter: 3) { time, condition, column in
    let order = column.map { "\($0), s.id" } ?? "s.id"
    let range = column.map { "(\($0), s.id) > ($3, $1) and \($0) <= $3" } ?? "s.id > $1"
    return """
      select \(LedgerSQL.sessionColumns) from session s, (\(time.moment)) m
      where \(range) and (\(condition)) is true and \(LedgerSQL.isUsable) order by \(order) limit $2
      """
  }

  private static let counts = ByScope("count", firstParameter: 1) { time, condition, _ in
    "select count(*) from session s, (\(time.moment)) m where \(condition) and \(LedgerSQL.isUsable)"
  }

  private static let holdersRows: Int64 = 20_000

  private static let holdersStatement = TimedStatement(name: "holders") { time in
    """
    with part as materialized (
      select s.*, \(LedgerSQL.isUsable) as is_usable from session s, (\(time.moment)) m
      where s.id > $1 order by s.id limit \(holdersRows)
    ), whole as materialized (
      select count(*) as rows, (select p.id from part p order by p.id desc limit 1) as last from part
    ), held as materialized (
      select p.subject, p.client, p.client_version, min(p.opened_at) as opened_at
      from part p where p.is_usable group by p.subject, p.client, p.client_version
    )
    select h.subject, h.client, h.client_version, w.last, w.rows, h.opened_at from whole w left join held h on true
    """
  }
}

extension SessionHolders {
  fileprivate mutating func note(subject: String, client: String, version: AccountVersion, opening: Timestamp) {
    subjects.append(subject)
    clients.append(ClientHolding(client: client, version: version, firstOpening: opening))
  }

  /// Each once: subjects and clients in the order of their bytes, and of a client's openings the first.
  mutating func merge() {
    subjects = Set(subjects.map { ExactName($0) }).map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var first: [ExactName: [AccountVersion: Timestamp]] = [:]
    for holding in clients {
      let known = first[ExactName(holding.client)]?[holding.version]
      first[ExactName(holding.client), default: [:]][holding.version] = min(
        known ?? .distantFuture, holding.firstOpening)
    }
    clients = first.flatMap { client, versions in
      versions.map { ClientHolding(client: client.text, version: $0.key, firstOpening: $0.value) }
    }
    .sorted { ($0.firstOpening, $0.client) < ($1.firstOpening, $1.client) }
  }
}

/// A name that is the same only byte by byte.
private struct ExactName: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ExactName, right: ExactName) -> Bool { left.text.hasSameBytes(as: right.text) }
  func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}
#endif
