#if Postgres
internal import RotationModel
internal import TokenLedger

/// The reading of the history of sessions: from their rows as long as those exist, and from the events that are kept.
struct HistoryReading {
  private let limits: HistoryLimits
  private let shifts: TimeShifts

  /// The most events that one query reads.
  private static let eventsMax = 100_000

  init(_ limits: HistoryLimits, _ shifts: TimeShifts) {
    (self.limits, self.shifts) = (limits, shifts)
  }

  private var eventsMax: Int64 { Int64(min(max(limits.entriesMax, 1), Self.eventsMax)) }

  // MARK: - One session

  func history(
    of id: SessionID, _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> SessionHistory {
    let session = Parameter.bytes(id.bytes)
    let answer = try connection.step(
      [
        Query(Self.row, [session]), Query(Self.first, [session]),
        Query(Self.latest, [session, .int64(Int64(limits.toldMax))]),
        Query(Self.count, [session, .int64(eventsMax)]), EventReading.barrier,
      ], deadline: deadline)
    let rows = answer.rows
    let now = answer.prelude.now
    var history = SessionHistory(events: try events(rows[1], rows[2]))
    let count = Int(try rows[3].int64(0, 0))
    history.omittedCount = max(0, count - history.events.count)
    history.extent = HistoryExtent(recordCount: UInt64(count), isWhole: count < Int(eventsMax))
    let row = rows[0].count == 1 ? try SessionRow(rows[0], 0) : nil
    let opened = rows[1].count == 1 ? try OpenedEvent(rows[1], 0, of: id) : nil
    history.session = row?.session(shifts, at: now) ?? opened?.session(after: history.events, shifts, at: now)
    if opened == nil, let first = history.events.first {
      let missed = AuditEvent(sequence: first.sequence &- 1, time: first.time, fact: .missed(from: 1))
      history.events.insert(missed, at: 0)
    }
    guard let session = history.session else { return history }
    try end(&history, session, row, opened?.number ?? row?.openedNumber, now, connection, deadline: deadline)
    return history
  }

  /// Returns the first event and the latest ones, in order.
  private func events(_ first: Rows, _ latest: Rows) throws(DatabaseError) -> [AuditEvent] {
    var events: [AuditEvent] = []
    for row in (0..<latest.count).reversed() {
      if let event = try AuditEvent(latest, row) { events.append(event) }
    }
    if first.count == 1, let event = try AuditEvent(first, 0), events.first?.sequence != event.sequence {
      // One of the latest is dropped, since the first one tells how the session began.
      if events.count >= limits.toldMax { events.removeFirst() }
      events.insert(event, at: 0)
    }
    return events
  }

  /// Adds the end of the session, if no event of its own tells it.
  private func end(
    _ history: inout SessionHistory, _ session: Session, _ row: SessionRow?, _ openedNumber: Int64?, _ now: Timestamp,
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    guard !history.events.contains(where: { $0.fact.endsItsSession }) else { return }
    let scope = try firstScope(
      over: session.subject, session.client, after: openedNumber ?? 0, connection, deadline: deadline)
    let end = session.expiresAt.shifted(back: session.shifts.current)
    if let scope, scope.time < end {
      let place = history.events.firstIndex { $0.sequence > scope.sequence } ?? history.events.endIndex
      history.events.insert(scope, at: place)
    } else if row?.status == .revoked {
      history.revokedAt = row?.endedAt.map { $0.shifted(back: shifts.seconds(at: $0)) }
    } else if session.expiresAt <= now {
      let last = history.events.last?.sequence ?? 0
      history.events.append(AuditEvent(sequence: last, time: end, fact: .expired(sessions: 1, oneTimeTokens: 0)))
    }
  }

  private func firstScope(
    over subject: String, _ client: String, after number: Int64, _ connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> AuditEvent? {
    let rows = try connection.step(
      [Query(Self.scopes, [.text(subject), .int64(number), .text(client), .int64(1)]), EventReading.barrier],
      deadline: deadline
    ).rows[0]
    return rows.count == 1 ? try AuditEvent(rows, 0) : nil
  }

  // MARK: - The sessions of a subject

  func endedSessions(
    ofSubject subject: String, _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> EndedSessions {
    let answer = try connection.step(
      [
        Query(Self.rowsOfSubject, [.text(subject), .int64(eventsMax)]),
        Query(Self.lives, [.text(subject), .int64(eventsMax)]),
        Query(Self.scopes, [.text(subject), .int64(0), .text(nil), .int64(eventsMax)]), EventReading.barrier,
      ], deadline: deadline)
    var rows: [SessionID: SessionRow] = [:]
    for index in 0..<answer.rows[0].count {
      let row = try SessionRow(answer.rows[0], index)
      rows[row.id] = row
    }
    var scopes: [AuditEvent] = []
    for index in 0..<answer.rows[2].count {
      if let event = try AuditEvent(answer.rows[2], index) { scopes.append(event) }
    }
    var ended = EndedSessions()
    var count: Int64 = 0
    for index in 0..<answer.rows[1].count {
      let life = try SessionLife(answer.rows[1], index, subject: subject)
      count += life.eventCount
      let now = answer.prelude.now
      guard let session = rows[life.id]?.session(shifts, at: now) ?? life.session(shifts, at: now) else { continue }
      if let end = life.end(of: session, scopes, at: now) { ended.sessions.append(end) }
    }
    ended.sessions.sort { $0.endedAt > $1.endedAt }
    ended.omittedCount = max(0, ended.sessions.count - limits.toldMax)
    ended.sessions.removeLast(ended.omittedCount)
    ended.extent = HistoryExtent(recordCount: UInt64(max(0, count)), isWhole: count < eventsMax)
    return ended
  }
}

extension AuditEvent.Fact {
  /// True if the event is the end of the one session that it concerns.
  fileprivate var endsItsSession: Bool {
    switch self {
    case .revoked, .reused(_, _, _, _, _, revokedSession: true): true
    default: false
    }
  }
}

// MARK: - Statements

extension HistoryReading {
  private static let row = Statement(
    name: "history_row", sql: "select \(LedgerSQL.sessionColumns) from session s where s.id = $1")

  private static let first = Statement(
    name: "history_first",
    sql: """
      select \(AuditEvent.columns), e.at_ms, e.idle_ms, e.absolute_ms, e.rotation from event e
      where e.session = $1 and e.kind = \(EventRow.Kind.opened.rawValue) order by e.number limit 1
      """)

  private static let latest = Statement(
    name: "history_latest",
    sql: "select \(AuditEvent.columns) from event e where e.session = $1 order by e.number desc limit $2")

  private static let count = Statement(
    name: "history_count",
    sql: "select count(*) from (select from event e where e.session = $1 limit $2) told")

  /// A statement that selects the revocations of scopes that can cover a session of the subject, in order.
  private static let scopes = Statement(
    name: "history_scopes",
    sql: """
      select \(AuditEvent.columns) from (
        select * from event where kind = \(EventRow.Kind.revokedAll.rawValue) and subject is null and number > $2
        union all
        select * from event where kind = \(EventRow.Kind.revokedAll.rawValue) and subject = $1 and number > $2
      ) e
      where e.client is null or $3::text is null or e.client = $3 order by e.number limit $4
      """)

  private static let rowsOfSubject = Statement(
    name: "history_rows",
    sql: "select \(LedgerSQL.sessionColumns) from session s where s.subject = $1 order by s.id limit $2")

  /// A statement that summarizes the events of each of a subject's sessions, the latest opening first.
  private static let lives = Statement(
    name: "history_lives",
    sql: """
      with recent as (select * from event where subject = $1 and session is not null order by number desc limit $2)
      \(SessionLife.selection) from recent e where e.kind < \(EventRow.Kind.oneTimeIssued.rawValue)
      group by e.session order by max(e.number) desc
      """)
}
#endif
