#if Postgres
internal import RotationModel
internal import TokenLedger

/// Removes what has ended, in steps that hold up nobody: each takes some rows that nobody else holds, and one instance at a time does so.
///
/// A row outlives its end by two minutes, so that a call whose answer was lost finds what it did.
package enum LedgerSweep {
  /// What one step found.
  struct Pass: Sendable, Hashable {
    /// Sessions that were removed since their time is over.
    var sessions = 0
    /// Sessions whose end has moved since somebody last looked.
    var moved = 0
    /// Sessions that a wide revocation had ended.
    var covered = 0
    var oneTimeTokens = 0
    var revocations = 0

    /// Whether there may be more of something.
    var isFull: Bool {
      max(sessions + moved, covered, oneTimeTokens, revocations) >= rowsMax
    }
  }

  /// How many rows of a table one step takes.
  static let rowsMax = 1000
  package static let outlivingMilliseconds: Int64 = 120_000

  /// Runs one step; one that finds another instance at it finds nothing.
  ///
  /// - Parameter outliving: how long rows outlive their end, in milliseconds.
  static func pass(
    _ connection: LedgerConnection, outliving: Int64 = outlivingMilliseconds, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Pass {
    let answer = try connection.step(
      [
        Query(ended[connection.setting.time], [.int64(outliving)]),
        Query(revocations[connection.setting.time], [.int64(outliving)]), Query(coveredOfAll),
        Query(coveredOfClient), Query(allAreSwept), Query(clientIsSwept), Query(oldShifts),
        Query(LedgerSQL.barrierStatement),
      ], deadline: deadline)
    let rows = answer.rows
    var pass = Pass()
    (pass.sessions, pass.moved) = (Int(try rows[0].int64(0, 0)), Int(try rows[0].int64(0, 1)))
    pass.oneTimeTokens = Int(try rows[0].int64(0, 2))
    if let number = try rows[0].int64IfPresent(0, 3) { connection.setting.hooks.acknowledge(number) }
    pass.revocations = rows[1].changedCount
    pass.covered = rows[2].changedCount + rows[3].changedCount
    return pass
  }

  /// Whether this transaction is the one that sweeps.
  static let gate = "select pg_try_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.sweepLock)) as is_held"

  // MARK: - Statements

  /// `sweep_at` is where somebody has to look: the end may have moved since.
  private static let ended = TimedStatement(name: "sweep_ended") { time in
    """
    with gate as materialized (\(gate)), m as materialized (\(time.moment)),
    due as materialized (
      select s.id, \(LedgerSQL.end) as ends, s.status <> 2 and not \(LedgerSQL.isCovered) as is_expired
      from gate g, m, session s where g.is_held and s.sweep_at <= m.now - $1::int8
      order by s.sweep_at limit \(rowsMax) for update of s skip locked
    ), moved as (
      update session s set sweep_at = d.ends from due d, m
      where s.id = d.id and d.ends > m.now - $1::int8 returning 1
    ), gone as (
      delete from session s using due d, m
      where s.id = d.id and d.ends <= m.now - $1::int8 returning d.is_expired
    ), due_token as materialized (
      select t.id from gate g, m, one_time_token t
      where g.is_held and t.expires_at <= m.now - $1::int8
      order by t.expires_at limit \(rowsMax) for update of t skip locked
    ), gone_token as (
      delete from one_time_token t using due_token d where t.id = d.id returning t.consumed_at is null as is_expired
    ), counted as materialized (
      select (select count(*) from gone) as sessions, (select count(*) from gone where is_expired) as expired,
        (select count(*) from moved) as moved, (select count(*) from gone_token) as tokens,
        (select count(*) from gone_token where is_expired) as expired_tokens
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, sessions, one_time_tokens)
      select nextval('ledger_number'), m.now, m.now - m.shift * 1000, \(EventRow.Kind.expired.rawValue)::int2, c.expired,
        c.expired_tokens
      from counted c, m where c.expired + c.expired_tokens > 0
      returning number
    )
    select c.sessions, c.moved, c.tokens, t.number from counted c left join told t on true
    """
  }

  private static let revocations = TimedStatement(name: "sweep_revocations") { time in
    """
    with gate as materialized (\(gate)), m as materialized (\(time.moment)),
    due as materialized (
      select v.number from gate g, m, revocation v
      where g.is_held and v.until_ms <= m.now - $1::int8
      order by v.until_ms limit \(rowsMax) for update of v skip locked
    )
    delete from revocation v using due d where v.number = d.number
    """
  }

  private static let coveredOfAll = Statement(
    name: "sweep_covered_all",
    sql: """
      with gate as materialized (\(gate)),
      k as materialized (select k.number from mark k, gate g where g.is_held and k.client = '' and not k.is_swept),
      due as materialized (
        select s.id from k, lateral (
          select s.id from session s where s.opened_number < k.number order by s.id limit \(rowsMax) for update of s skip locked
        ) s
      )
      delete from session s using due d where s.id = d.id
      """)

  private static let coveredOfClient = Statement(
    name: "sweep_covered_client",
    sql: """
      with gate as materialized (\(gate)),
      k as materialized (
        select substr(k.client, 2) as client, k.number from mark k, gate g
        where g.is_held and k.client <> '' and not k.is_swept order by k.client limit 1
      ), due as materialized (
        select s.id from k, lateral (
          select s.id from session s where s.client = k.client and s.opened_number < k.number
          order by s.id limit \(rowsMax) for update of s skip locked
        ) s
      )
      delete from session s using due d where s.id = d.id
      """)

  /// What somebody else held is there yet: the mark is looked at again.
  private static let allAreSwept = Statement(
    name: "sweep_mark_all",
    sql: """
      with gate as materialized (\(gate))
      update mark k set is_swept = true from gate g
      where g.is_held and k.client = '' and not k.is_swept
        and not exists (select from session s where s.opened_number < k.number)
      """)

  private static let clientIsSwept = Statement(
    name: "sweep_mark_client",
    sql: """
      with gate as materialized (\(gate)),
      due as materialized (
        select k.client from mark k, gate g where g.is_held and k.client <> '' and not k.is_swept order by k.client limit 1
      )
      update mark k set is_swept = true from due d
      where k.client = d.client
        and not exists (select from session s where s.client = substr(k.client, 2) and s.opened_number < k.number)
      """)

  /// Those that are kept are as many as instances hold.
  private static let oldShifts = Statement(
    name: "sweep_shifts",
    sql: """
      with gate as materialized (\(gate))
      delete from time_shift t using gate g
      where g.is_held and t.from_ms < (
        select min(k.from_ms) from (
          select from_ms from time_shift order by from_ms desc limit \(TimeShifts.changesMax)) k)
      """)
}
#endif
