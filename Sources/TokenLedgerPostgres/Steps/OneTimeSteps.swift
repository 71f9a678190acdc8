#if Postgres
/// One-time tokens: issued and consumed in one round trip each.
enum OneTimeSteps {
  /// Issues a token under an id that was drawn; a retry finds its own.
  static func issue(
    _ grant: OneTimeGrant, id: SessionID, attempt: Attempt, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerMoment {
    let answer = try connection.step(
      [
        Query(
          issueStatement[connection.setting.time],
          [
            .bytes(id.bytes), .text(grant.purpose), .text(grant.subject), .bytes(grant.payload),
            .int64(grant.lifetimeMilliseconds), .int64(attempt.id),
          ]),
        Query(ownStatement, [.bytes(id.bytes)]), Query(LedgerSQL.barrierStatement),
      ], deadline: deadline)
    let own = answer.rows[1]
    guard own.count == 1, try own.int64(0, 0) == attempt.id else { throw .malformed("an id that was drawn is taken") }
    let rows = answer.rows[0]
    let moment = LedgerMoment(time: Timestamp(milliseconds: try rows.int64(0, 0)), shift: try rows.int64(0, 1))
    connection.note(moment.time)
    if let number = try rows.int64IfPresent(0, 2) { connection.acknowledge(number) }
    return moment
  }

  /// Consumes a token, once.
  static func consume(
    _ id: SessionID, purpose: String, attempt: Attempt, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> OneTimeConsumption {
    let time = connection.setting.time
    let parameters: [Parameter] = [.bytes(id.bytes), .text(purpose), .int64(attempt.id)]
    let answer = try connection.step(
      [
        Query(consumeStatement[time], parameters), Query(readStatement[time], [.bytes(id.bytes)]),
        Query(LedgerSQL.barrierStatement),
      ], deadline: deadline)
    let (consumed, found) = (answer.rows[0], answer.rows[1])
    if consumed.count == 1 { connection.acknowledge(try consumed.int64(0, 0)) }
    guard found.count == 1 else { return .refused(.unknown) }
    let now = Timestamp(milliseconds: try found.int64(0, 0))
    connection.note(now)
    let consumedAt = try found.int64IfPresent(0, 5)
    if consumedAt != nil, try found.int64(0, 6) == attempt.id {
      return .consumed(subject: try found.text(0, 2), payload: try found.bytes(0, 3))
    }
    let facts = OneTimeFacts(
      purpose: try found.text(0, 1), isConsumed: consumedAt != nil,
      expiresAt: Timestamp(milliseconds: try found.int64(0, 4)))
    guard case .refuse(let refusal, _) = RotationRule.verdict(onOneTimeTokenFor: purpose, for: facts, at: now) else {
      // Somebody else held the row: its transaction was rolled back meanwhile.
      throw .nothingHappened(code: "40001", "a one-time token was held by another step")
    }
    return .refused(refusal)
  }

  private static let issueStatement = TimedStatement(name: "one_time_issue") { time in
    """
    with moment as materialized (
      \(time.moment)
    ), issued as (
      insert into one_time_token(id, purpose, subject, payload, expires_at, attempt)
      select $1, $2, $3, $4, m.now + $5, $6 from moment m where not exists (select from session s where s.id = $1)
      on conflict (id) do nothing
      returning id, subject, purpose
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, session, subject, purpose)
      select nextval('ledger_number'), m.now, m.now - m.shift * 1000, 11, i.id, i.subject, i.purpose from issued i, moment m
      returning number
    )
    select m.now, m.shift, t.number from moment m left join told t on true
    """
  }

  private static let ownStatement = Statement(
    name: "one_time_attempt", sql: "select t.attempt from one_time_token t where t.id = $1")

  private static let consumeStatement = TimedStatement(name: "one_time_consume") { time in
    """
    with locked as materialized (
      select t.id from one_time_token t where t.id = $1 and t.purpose = $2 and t.consumed_at is null for update
    ), moment as materialized (
      \(time.moment) where (select count(*) from locked) >= 0
    ), consumed as (
      update one_time_token t set consumed_at = m.now, attempt = $3
      from moment m, locked k
      where t.id = k.id and m.now < t.expires_at
      returning t.id, t.subject, t.purpose
    )
    insert into event as e(number, at_ms, shown_ms, kind, session, subject, purpose)
    select nextval('ledger_number'), m.now, m.now - m.shift * 1000, 12, c.id, c.subject, c.purpose from consumed c, moment m
    returning e.number
    """
  }

  private static let readStatement = TimedStatement(name: "one_time_read") { time in
    """
    select m.now, t.purpose, t.subject, t.payload, t.expires_at, t.consumed_at, t.attempt
    from (\(time.moment)) m, one_time_token t where t.id = $1
    """
  }
}
#endif
