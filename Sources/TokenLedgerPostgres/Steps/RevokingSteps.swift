#if Postgres
internal import Platform

/// Ends sessions and access tokens.
///
/// Each call can be tried again: what was ended stays so, and what an earlier try of the call ended counts for it.
enum RevokingSteps {
  /// Ends one session; returns whether it was live.
  static func session(
    _ id: SessionID, attempt: Attempt, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    var step = try LockedStep(.ids([id]), on: connection, deadline: deadline)
    var wasLive = false
    if let row = step[id] {
      if step.isUsable(row) {
        step.revoke(row, cause: .requested, attempt: attempt.id)
        wasLive = true
      } else {
        wasLive = row.status == .revoked && row.attempt == attempt.id
        step.noteEndBefore(id)
      }
    }
    _ = try step.commit()
    return wasLive
  }

  /// Ends the sessions of a subject, or of a subject at a client; returns how many were live.
  static func subject(
    _ subject: String, client: String?, attempt: Attempt, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Int {
    let scope = client.map { SessionScope.subjectAtClient(subject: subject, client: $0) } ?? .subject(subject)
    var step = try LockedStep(
      .subjects([subject], attempt: attempt.id), reading: [Query(latestScope)], on: connection, deadline: deadline)
    let concerned = step.ids.compactMap { step[$0] }.filter { client?.hasSameBytes(as: $0.client) ?? true }
    let own = concerned.filter { $0.attempt == attempt.id && $0.status == .revoked }
    let live = concerned.filter(step.isUsable)
    guard own.isEmpty else {
      for row in own { step.noteEndBefore(row.id) }
      _ = try step.commit()
      return own.count
    }
    for row in live { step.end(row, attempt: attempt.id) }
    step.changes.record(.revokedAll(scope), at: step.moment)
    // Later than whatever was issued before, to the millisecond.
    let latest = try step.read[0].int64IfPresent(0, 0)
    let time = Timestamp(milliseconds: max(step.moment.now.milliseconds, latest ?? .min)).advanced(byMilliseconds: 1)
    let until = time.advanced(byMilliseconds: step.moment.accessMilliseconds)
    if step.moment.accessMilliseconds > 0 {
      step.changes.note(RevocationRow(time: time, until: until, kind: .scope(scope)), at: step.moment)
    }
    _ = try step.commit()
    return live.count
  }

  /// Ends the sessions of a subject that were opened under another version of its account, one by one; returns them in
  /// the order of their openings.
  static func outdated(
    subject: String, version: AccountVersion, orBefore time: Timestamp?, attempt: Attempt,
    on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [SessionID] {
    var step = try LockedStep(.subjects([subject], attempt: attempt.id), on: connection, deadline: deadline)
    let own = step.ids.compactMap { step[$0] }.filter { $0.attempt == attempt.id && $0.status == .revoked }
    let outdated = step.ids.compactMap { step[$0] }.filter { row in
      guard step.isUsable(row) else { return false }
      guard row.subjectVersion == .unknown else { return row.subjectVersion != version }
      return time.map { row.openedAt < $0 } ?? false
    }
    .sorted { $0.openedNumber < $1.openedNumber }
    for row in outdated { step.revoke(row, cause: .requested, attempt: attempt.id) }
    for row in own { step.noteEndBefore(row.id) }
    _ = try step.commit()
    return (own + outdated).sorted { $0.openedNumber < $1.openedNumber }.map(\.id)
  }

  /// Ends every session of a client, or of all, by one mark, whatever their number.
  static func wide(
    client: String?, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    _ = try mark(wideStatement, client: client, on: connection, deadline: deadline)
  }

  /// Revokes the sessions of a client that is gone or was replaced, unless one was opened since the client that has the
  /// id now was added; false if one was, and nothing was done then.
  ///
  /// The call costs a look at the sessions of a client that was replaced, for which all other steps wait.
  static func gone(
    client: String, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    try mark(goneStatement, client: client, on: connection, deadline: deadline)
  }

  /// Makes a mark after every step that was under way; false if the statement made none.
  private static func mark(
    _ statement: TimedStatement, client: String?, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    let names: [Parameter] = [.text(client.map { "=\($0)" } ?? ""), .text(client)]
    let answer = try connection.step(
      [Query(statement[connection.setting.time], names), Query(LedgerSQL.barrierStatement)], hold: .alone, wakes: true,
      deadline: deadline)
    let rows = answer.rows[0]
    guard rows.count > 0 else { return false }
    let hooks = connection.setting.hooks
    connection.acknowledge(try rows.int64(0, 1))
    connection.note(Timestamp(milliseconds: try rows.int64(0, 0)))
    if try rows.int64IfPresent(0, 2) != nil { hooks.noteRevocations(try RevocationRow.all(rows, from: 2)) }
    return true
  }

  /// Has one access token refused until its end.
  ///
  /// If it is refused already, this instance's verifiers possibly have yet to hear that.
  static func access(
    _ token: TokenID, until end: Timestamp, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let answer = try connection.step(
      [
        Query(
          accessStatement[connection.setting.time],
          [.bytes(token.session.bytes), .int64(Int64(token.generation)), .int64(end.milliseconds)]),
        Query(LedgerSQL.barrierStatement),
      ], wakes: true, deadline: deadline)
    let rows = answer.rows[0]
    guard rows.count > 0 else { return }
    connection.setting.hooks.noteRevocations(try RevocationRow.all(rows, from: 1))
    if let number = try rows.int64IfPresent(0, 0) { connection.acknowledge(number) }
  }

  /// The latest time of what verifiers compare with times of issue.
  private static let latestScope = Statement(
    name: "latest_scope", sql: "select \(LedgerSQL.latestScope)")

  private static let wideStatement = TimedStatement(name: "revoke_wide") { marking($0, if: "true") }

  /// A session of the client that has the id now has a greater number than the change that wrote its record: it was
  /// opened by who had read the record.
  private static let goneStatement = TimedStatement(name: "revoke_gone") { time in
    marking(
      time,
      if: """
        not exists (
          select from record r join session s on s.client = r.name
          where r.kind = 'client' and r.name = $2 and s.opened_number > r.change
        )
        """)
  }

  private static func marking(_ time: StatementTime, if condition: String) -> String {
    """
    with moment as materialized (
      select 1 + greatest(m.now, \(LedgerSQL.latestScope)) as at_ms,
        m.now, m.shift, m.access_ms, nextval('ledger_number') as number
      from (\(time.moment)) m where \(condition)
    ), marked as (
      insert into mark as k(client, number, at_ms) select $1, m.number, m.at_ms from moment m
      on conflict (client) do update set number = excluded.number, at_ms = excluded.at_ms, swept = ''
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, client)
      select m.number, m.now, m.now - m.shift * 1000, 8, $2 from moment m
    ), heard as (
      insert into revocation as v(number, at_ms, until_ms, kind, client)
      select m.number, m.at_ms, m.at_ms + m.access_ms, 3, $2 from moment m where m.access_ms > 0
      returning \(RevocationRow.columns)
    )
    select m.now, m.number, v.* from moment m left join heard v on true
    """
  }

  private static let accessStatement = TimedStatement(name: "revoke_access") { time in
    """
    with moment as materialized (
      \(time.moment)
    ), heard as (
      insert into revocation as v(number, at_ms, until_ms, kind, session, generation)
      select nextval('ledger_number'), m.now, least($3, m.now + \(Lifetimes.accessMillisecondsMax)), 2, $1, $2
      from moment m
      where $3 > m.now and least($3, m.now + \(Lifetimes.accessMillisecondsMax)) > coalesce(
        (select max(r.until_ms) from revocation r where r.kind = 2 and r.session = $1 and r.generation = $2), 0)
      returning \(RevocationRow.columns)
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, session, generation, until_ms)
      select v.number, m.now, m.now - m.shift * 1000, 9, $1, $2, v.until_ms - m.shift * 1000 from heard v, moment m
    )
    select v.number, v.* from heard v
    union all
    select null, \(RevocationRow.columns) from revocation v
    where v.kind = 2 and v.session = $1 and v.generation = $2 and not exists (select from heard)
    """
  }
}
#endif
