#if Postgres
internal import RotationModel
internal import TokenLedger

/// The reading of the rows of a ledger that no instance changes any more, for the writer of a folder.
struct DepartureReading {
  private let database: MovingDatabase
  /// The latest mark of each scope.
  private var marks: [TextScope: (scope: SessionScope, time: Timestamp)] = [:]
  private static let rowsMax = 1000

  init(_ database: MovingDatabase) {
    self.database = database
  }

  /// Returns a writer whose time is later than everything in the database.
  func beginning() throws -> LedgerFolderWriter {
    let rows = try database.run([Query(Self.moment[database.time]), Query(Self.shifts)])
    var (changes, latest): ([TimeShifts.Change], TimeShifts.Change?) = ([], nil)
    for row in 0..<rows[1].count {
      let from = Timestamp(milliseconds: try rows[1].int64(row, 0))
      let change = TimeShifts.Change(from: from, seconds: try rows[1].int64(row, 1))
      guard change.seconds != latest?.seconds ?? 0 else { continue }
      latest = change
      changes.append(change)
    }
    let time = Timestamp(milliseconds: try rows[0].int64(0, 0))
    return try LedgerFolderWriter(time: max(time, latest?.from ?? time), shifts: changes)
  }

  /// Copies the wide revocations and those of access tokens, and the proofs that count as used.
  mutating func copyRevocations(to writer: inout LedgerFolderWriter, _ counts: inout MoveCounts) throws {
    try eachRevocation(Self.scopes[database.time]) { revocation in
      guard case .scope(let scope) = revocation.kind else { return }
      let known = marks[TextScope(scope)]?.time ?? .zero
      marks[TextScope(scope)] = (scope, max(known, revocation.time))
    }
    for (scope, time) in marks.values { try writer.mark(scope, at: time) }
    counts.marks = marks.count
    try eachRevocation(Self.tokens[database.time]) { revocation in
      guard case .token(let token) = revocation.kind else { return }
      writer.revoke(token, until: revocation.until)
      counts.revokedAccessTokens += 1
    }
    try eachPage(Self.proofs[database.time], after: .bytes([])) { rows in
      for row in 0..<rows.count {
        guard let digest = try rows.digestIfPresent(row, 0) else { continue }
        writer.noteUse(of: digest, until: Timestamp(milliseconds: try rows.int64(row, 1)))
      }
      return .bytes(try rows.bytes(rows.count - 1, 0))
    }
  }

  private func eachRevocation(_ statement: Statement, _ take: (RevocationRow) -> Void) throws {
    try eachPage(statement, after: .int64(.min)) { rows in
      for revocation in try RevocationRow.all(rows) { take(revocation) }
      return .int64(try rows.int64(rows.count - 1, 0))
    }
  }

  /// Returns the opening time of a live session for a folder, which compares times: a later mark that was made before,
  /// by some milliseconds, must not cover it.
  private func openedAt(_ row: SessionRow) -> Timestamp {
    guard !marks.isEmpty, row.status == .live else { return row.openedAt }
    let scopes: [TextScope] = [.subject(row.subject), .client(row.client), .both(row.subject, row.client), .all]
    return scopes.compactMap { marks[$0]?.time }.reduce(row.openedAt, max)
  }

  /// Copies sessions and one-time tokens.
  ///
  /// `onPage` is called after every thousand, except those of which only the revocation is left.
  func copyEntries(
    to writer: inout LedgerFolderWriter, _ counts: inout MoveCounts, _ onPage: (MoveCounts) throws -> Void
  ) throws {
    try eachPage(Self.sessions[database.time], after: .bytes([])) { rows in
      for row in 0..<rows.count {
        let session = try SessionRow(rows, row)
        try writer.append(MovedSession(session, openedAt: openedAt(session)))
        if session.status == .revoked { counts.revokedSessions += 1 } else { counts.sessions += 1 }
      }
      try onPage(counts)
      return .bytes(try rows.bytes(rows.count - 1, 0))
    }
    try eachPage(Self.goneSessions[database.time], after: .bytes([])) { rows in
      for row in 0..<rows.count { try writer.append(try MovedSession(gone: rows, row)) }
      counts.revokedSessions += rows.count
      return .bytes(try rows.bytes(rows.count - 1, 0))
    }
    try eachPage(Self.oneTimeTokens[database.time], after: .bytes([])) { rows in
      for row in 0..<rows.count { try writer.append(try MovedOneTimeToken(rows, row)) }
      counts.oneTimeTokens += rows.count
      try onPage(counts)
      return .bytes(try rows.bytes(rows.count - 1, 0))
    }
  }

  /// Returns the records of users, clients and keys.
  func records() throws -> [MovedRecord] {
    let rows = try database.run([Query(Self.others), Query(LedgerSQL.barrierStatement)])[0]
    var records: [MovedRecord] = []
    for row in 0..<rows.count {
      records.append(
        MovedRecord(kind: try rows.text(row, 0), name: try rows.text(row, 1), body: try rows.bytes(row, 2)))
    }
    return records
  }

  /// Passes the rows of a statement to a closure until there are none.
  ///
  /// The statement takes the key after which it begins and a limit.
  private func eachPage(
    _ statement: Statement, after first: Parameter, _ take: (Rows) throws -> Parameter
  ) throws {
    var after = first
    while true {
      let rows = try database.run([Query(statement, [after, .int64(Int64(Self.rowsMax))])])[0]
      guard rows.count > 0 else { return }
      after = try take(rows)
      if rows.count < Self.rowsMax { return }
    }
  }
}

// MARK: - Statements

extension DepartureReading {
  /// A statement for a time that is later than every row, since marks can be ahead by some milliseconds.
  private static let moment = TimedStatement(name: "leave_moment") { time in
    """
    select greatest(m.now, l.high_ms, (select max(at_ms) from revocation where kind in (3, 4)))
    from (\(time.moment)) m, ledger l
    """
  }

  private static let shifts = Statement(
    name: "leave_shifts",
    sql: """
      select from_ms, seconds from (select * from time_shift order by from_ms desc limit \(TimeShifts.changesMax)) t order by from_ms
      """)

  private static func revocations(_ name: String, kind: Int) -> TimedStatement {
    TimedStatement(name: name) { time in
      """
      select \(RevocationRow.columns) from revocation v, (\(time.moment)) m
      where v.kind = \(kind) and v.until_ms > m.now and v.number > $1 order by v.number limit $2
      """
    }
  }

  private static let tokens = revocations("leave_tokens", kind: 2)
  private static let scopes = revocations("leave_scopes", kind: 3)

  private static let proofs = TimedStatement(name: "leave_proofs") { time in
    """
    select p.digest, p.until_ms from used_proof p, (\(time.moment)) m
    where p.until_ms > m.now and p.digest > $1 order by p.digest limit $2
    """
  }

  /// A statement for live sessions, and for those that were revoked while one of their access or refresh tokens can
  /// still be presented.
  private static let sessions = TimedStatement(name: "leave_sessions") { time in
    """
    select \(LedgerSQL.sessionColumns)
    from session s, (\(time.moment)) m
    where s.id > $1 and (\(LedgerSQL.isUsable)
      or s.status = 2 and m.now < greatest(\(LedgerSQL.end), coalesce(s.ended_at, s.refreshed_at) + \(Lifetimes.accessMillisecondsMax)))
    order by s.id limit $2
    """
  }

  /// A statement for sessions whose rows are gone while their access tokens are refused.
  private static let goneSessions = TimedStatement(name: "leave_gone_sessions") { time in
    """
    select v.session, max(v.at_ms), coalesce(max(e.subject), ''), coalesce(max(e.client), '')
    from (\(time.moment)) m, revocation v left join lateral (
      select e.subject, e.client from event e where e.session = v.session and e.client is not null limit 1) e on true
    where v.kind = 1 and v.until_ms > m.now and v.session > $1 and not exists (select from session s where s.id = v.session)
    group by v.session order by v.session limit $2
    """
  }

  private static let oneTimeTokens = TimedStatement(name: "leave_one_time") { time in
    """
    select t.id, t.purpose, t.subject, t.payload, t.expires_at, t.consumed_at is not null,
      least(m.now, t.expires_at, coalesce((
        select min(e.at_ms) from event e where e.session = t.id and e.kind = \(EventRow.Kind.oneTimeIssued.rawValue)), m.now))
    from one_time_token t, (\(time.moment)) m where t.id > $1 and t.expires_at > m.now order by t.id limit $2
    """
  }

  private static let others = Statement(
    name: "leave_records",
    sql: """
      select kind, name, body from record
      where kind not in ('\(MoveNote.Kind.adoption.rawValue)', '\(MoveNote.Kind.departure.rawValue)') order by kind, name
      """)
}

extension MovedSession {
  fileprivate init(_ row: SessionRow, openedAt: Timestamp) {
    let isRevoked = row.status == .revoked
    let refreshedAt = isRevoked ? row.endedAt ?? row.refreshedAt : row.refreshedAt
    self.init(
      id: row.id, grant: row.grant, generation: row.generation, openedAt: openedAt,
      refreshedAt: max(refreshedAt, openedAt),
      narrowedScope: row.narrowedScope, hasSeenSuccessor: row.hasSeenSuccessor, isRevoked: isRevoked)
  }

  /// Creates a session of which only the end is still known.
  fileprivate init(gone rows: Rows, _ row: Int) throws(DatabaseError) {
    let endedAt = Timestamp(milliseconds: try rows.int64(row, 1))
    guard let lifetimes = Lifetimes(idleMilliseconds: 1, absoluteMilliseconds: 1) else {
      throw .malformed("a millisecond is no lifetime")
    }
    self.init(
      id: try rows.sessionID(row, 0),
      grant: SessionGrant(
        subject: try rows.text(row, 2), client: try rows.text(row, 3), scope: "", lifetimes: lifetimes),
      generation: 0, openedAt: endedAt, refreshedAt: endedAt, narrowedScope: nil, hasSeenSuccessor: false,
      isRevoked: true)
  }
}

extension MovedOneTimeToken {
  fileprivate init(_ rows: Rows, _ row: Int) throws(DatabaseError) {
    self.init(
      id: try rows.sessionID(row, 0), purpose: try rows.text(row, 1), subject: try rows.text(row, 2),
      payload: try rows.bytes(row, 3), issuedAt: Timestamp(milliseconds: try rows.int64(row, 6)),
      expiresAt: Timestamp(milliseconds: try rows.int64(row, 4)), isConsumed: try rows.bool(row, 5))
  }
}
#endif
