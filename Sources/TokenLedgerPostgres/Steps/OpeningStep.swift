#if Postgres
internal import TokenLedger

/// Opens sessions: in one statement if a subject can have any number of them.
enum OpeningStep {
  /// A session that is to be opened.
  struct Opening: Sendable {
    let id: SessionID
    let grant: SessionGrant
    /// The attempt of the call that opens it, so that a retry finds what an earlier try did.
    let attempt: Int64
  }

  /// The answer of a step that opens sessions.
  struct Answer: Sendable {
    /// The rows that the ledger has of the ids now: what was opened, and what was there.
    let rows: [SessionID: SessionRow]
    let marks: WideMarks
    let moment: StepMoment
    /// Which of the openings this step made, or an earlier try of the same call.
    let isOpened: [Bool]

    func session(_ id: SessionID) -> Session? { rows[id]?.session(moment.shifts, at: moment.now) }

    func usableSession(_ id: SessionID) -> Session? {
      guard let row = rows[id], row.isUsable(marks, at: moment.now) else { return nil }
      return row.session(moment.shifts, at: moment.now)
    }
  }

  /// Opens those whose ids are not there, in their order, in one round trip.
  static func run(
    _ openings: [Opening], on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Answer {
    let time = connection.setting.time
    let ids = Query(readStatement, [.bytesArray(openings.map(\.id.bytes))])
    let answer = try connection.step(
      [
        Query(lockSubjects, [.textArray(openings.map(\.grant.subject))]),
        Query(openStatement[time], openings.parameters), ids, Query(StepMoment.shiftsStatement),
        Query(exemptions, ids.parameters),
        Query(marksStatement, ids.parameters), Query(StepMoment.statement[time]),
        Query(LedgerSQL.barrierStatement),
      ], deadline: deadline)
    let rows = answer.rows
    let moment = try StepMoment(rows[6], shifts: rows[3])
    var sessions: [SessionID: SessionRow] = [:]
    for row in 0..<rows[2].count {
      let session = try SessionRow(rows[2], row)
      sessions[session.id] = session
    }
    let exemptions = try RevocationRow.all(rows[4])
    if !exemptions.isEmpty { connection.setting.hooks.noteRevocations(exemptions) }
    if let number = try rows[1].int64IfPresent(0, 0) { connection.acknowledge(number) }
    connection.note(moment.now)
    return Answer(
      rows: sessions, marks: try WideMarks(rows[5]), moment: moment,
      isOpened: openings.map { sessions[$0.id]?.attempt == $0.attempt })
  }

  // MARK: - Statements

  /// In one order on every connection.
  private static func lock(_ function: String) -> String {
    """
    select \(function)(o.key) from (
      select distinct \(LedgerSQL.subjectLock("u.subject")) as key from unnest($1) u(subject) order by 1) o
    """
  }

  private static let lockSubjects = Statement(name: "lock_openings", sql: lock("pg_advisory_xact_lock_shared"))
  static let lockSubjectsAlone = Statement(name: "lock_subjects_alone", sql: lock("pg_advisory_xact_lock"))

  /// The rows of the arrays of ``Swift/Array/parameters``, in their order.
  private static let openings = """
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) with ordinality as u(id, subject, client, scope,
      label, idle_ms, absolute_ms, rotation, subject_version, client_version, attempt, key, access_key, attributes, place)
    """

  private static func insertion(_ now: String, _ source: String) -> String {
    """
    insert into session(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, opened_number, sweep_at, attempt,
      subject_version, client_version, status, rotation, successor_seen, subject, client, scope, label, key, access_key, attributes)
    select u.id, 0, \(now), \(now), u.idle_ms, u.absolute_ms, nextval('ledger_number'), \(now) + least(u.idle_ms, u.absolute_ms),
      u.attempt, u.subject_version, u.client_version, 1, u.rotation, false, u.subject, u.client, u.scope, u.label,
      u.key, u.access_key, u.attributes
    from \(source)
    """
  }

  /// Verifiers know an access token by the second of its issue: one that is issued in the second of a scope's end and
  /// after it must be known by name.
  private static func exemption(_ source: String, subject: String, client: String, issuedAt: String) -> String {
    """
    insert into revocation(number, at_ms, until_ms, kind, session)
    select nextval('ledger_number'), greatest(\(issuedAt), v.at_ms), v.until_ms, 4, o.id
    from \(source), lateral (
      select max(r.at_ms) as at_ms, max(r.until_ms) as until_ms from revocation r
      where r.kind = 3 and r.at_ms > \(issuedAt) - \(issuedAt) % 1000
        and (r.subject is null or r.subject = \(subject)) and (r.client is null or r.client = \(client))
    ) v
    where v.at_ms is not null
    """
  }

  private static let openStatement = TimedStatement(name: "open") { time in
    """
    with moment as materialized (
      \(time.moment)
    ), opened as (
      \(insertion("m.now", "(\(openings) order by place) u, moment m where not exists (select from one_time_token t where t.id = u.id)"))
      on conflict (id) do nothing
      returning id, opened_number, opened_at, subject, client, scope, label, idle_ms, absolute_ms, rotation
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, session, generation, subject, client, scope, label, idle_ms, absolute_ms,
        rotation)
      select o.opened_number, m.now, m.now - m.shift * 1000, 1, o.id, 0, o.subject, o.client, o.scope, o.label, o.idle_ms,
        o.absolute_ms, o.rotation
      from opened o, moment m
    ), exempt as (
      \(exemption("opened o", subject: "o.subject", client: "o.client", issuedAt: "o.opened_at"))
    )
    select max(opened_number) from opened
    """
  }

  /// Client tokens that no session stands behind: nothing but what exempts them is written.
  static let accessStatement = TimedStatement(name: "issue_access") { time in
    """
    with moment as materialized (
      \(time.moment)
    ), exempt as (
      \(exemption("unnest($1, $2) o(id, client), moment m", subject: "o.client", client: "o.client", issuedAt: "m.now"))
    )
    select m.now, m.shift, m.access_ms from moment m
    """
  }

  /// For sessions that a locked step has opened.
  static let exemptStatement = Statement(
    name: "exempt",
    sql: exemption(
      "(select * from session where id = any($1)) o", subject: "o.subject", client: "o.client", issuedAt: "o.opened_at")
  )

  static let exemptions = Statement(
    name: "exemptions_of",
    sql: "select \(RevocationRow.columns) from revocation v where v.kind = 4 and v.session = any($1)")

  static let readStatement = Statement(
    name: "sessions_by_id", sql: "select \(LedgerSQL.sessionColumns) from session s where s.id = any($1)")

  static let marksStatement = Statement(
    name: "marks_by_id",
    sql: """
      select k.client, k.number from mark k
      where k.client = '' or k.client in (select '=' || s.client from session s where s.id = any($1))
      """)

  private static let insertStatement = Statement(
    name: "session_insert", sql: insertion("u.opened_at", "(\(openedRows) order by place) u"))

  private static let openedRows = """
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) with ordinality as u(id, subject, client,
      scope, label, idle_ms, absolute_ms, rotation, subject_version, client_version, attempt, key, access_key, attributes, opened_at,
      place)
    """

  /// Inserts sessions that a step has decided to open.
  static func insertion(of rows: [SessionRow]) -> Query {
    let openings = rows.map { row in
      Opening(id: row.id, grant: row.grant, attempt: row.attempt)
    }
    return Query(insertStatement, openings.parameters + [.int64Array(rows.map(\.openedAt.milliseconds))])
  }
}

extension [OpeningStep.Opening] {
  /// As ``OpeningStep`` reads them.
  fileprivate var parameters: [Parameter] {
    [
      .bytesArray(map(\.id.bytes)), .textArray(map(\.grant.subject)), .textArray(map(\.grant.client)),
      .textArray(map(\.grant.scope)), .textArray(map(\.grant.label)),
      .int64Array(map(\.grant.terms.lifetimes.idleMilliseconds)),
      .int64Array(map(\.grant.terms.lifetimes.absoluteMilliseconds)),
      .int16Array(map { Int16($0.grant.terms.rotation.rawValue) }),
      .int64Array(map { Int64(bitPattern: $0.grant.subjectVersion.digest) }),
      .int64Array(map { Int64(bitPattern: $0.grant.clientVersion.digest) }), .int64Array(map(\.attempt)),
      .bytesArray(map { $0.grant.keys.lifelong?.bytes }), .bytesArray(map { $0.grant.keys.ofLastUse?.bytes }),
      .bytesArray(map { $0.grant.attributes.isEmpty ? nil : $0.grant.attributes }),
    ]
  }
}

#endif
