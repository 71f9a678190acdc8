#if Postgres
internal import RotationModel
internal import TokenLedger

/// The removal of what has ended, in steps that delay nobody: each takes some rows that nobody else holds, and one
/// instance at a time does it.
///
/// A row outlives its end and its opening by two minutes, so that a call whose answer was lost finds what it did. A
/// repeated opening would otherwise open again what a wide revocation has ended meanwhile.
package enum LedgerSweep {
  /// The findings of one step.
  struct Pass: Sendable, Hashable {
    /// The number of expired sessions that were removed.
    var sessions = 0
    /// The number of sessions whose end has moved since the last inspection.
    var moved = 0
    /// The number of removed sessions that a wide revocation had ended.
    var covered = 0
    /// True if a wide revocation has sessions that were not inspected yet.
    var isWithinMark = false
    var oneTimeTokens = 0
    var revocations = 0
    var proofs = 0

    /// True if there can be more of something.
    var isFull: Bool {
      isWithinMark || max(sessions + moved, oneTimeTokens, revocations, proofs) >= rowsMax
    }
  }

  /// The most rows of a table that one step takes.
  static let rowsMax = 1000
  /// The most sessions that one step compares with a wide revocation.
  static let walkedMax = 2000
  /// The milliseconds for which what has ended is still told apart from what never existed.
  package static let outlivingMilliseconds: Int64 = 120_000

  /// Runs one step.
  ///
  /// The step finds nothing if another instance is sweeping. `outliving` is the time in milliseconds by which rows
  /// outlive their end and their opening.
  static func pass(
    _ connection: LedgerConnection, outliving: Int64 = outlivingMilliseconds, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Pass {
    let answer = try connection.step(
      [
        Query(ended[connection.setting.time], [.int64(outliving)]),
        Query(revocations[connection.setting.time], [.int64(outliving)]),
        Query(coveredOfAll[connection.setting.time], [.int64(outliving)]),
        Query(coveredOfClient[connection.setting.time], [.int64(outliving)]), Query(oldShifts),
        Query(proofs[connection.setting.time], [.int64(outliving)]),
        Query(LedgerSQL.barrierStatement),
      ], deadline: deadline)
    let rows = answer.rows
    var pass = Pass()
    (pass.sessions, pass.moved) = (Int(try rows[0].int64(0, 0)), Int(try rows[0].int64(0, 1)))
    pass.oneTimeTokens = Int(try rows[0].int64(0, 2))
    if let number = try rows[0].int64IfPresent(0, 3) { connection.acknowledge(number) }
    pass.revocations = rows[1].changedCount
    pass.proofs = rows[5].changedCount
    for covered in rows[2...3] where covered.count == 1 {
      pass.covered += Int(try covered.int64(0, 0))
      if try covered.bool(0, 1) { pass.isWithinMark = true }
    }
    return pass
  }

  /// The SQL that tells whether this transaction is the one that sweeps.
  static let gate = "select pg_try_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.sweepLock)) as is_held"

  // MARK: - Statements

  /// A statement that removes ended sessions.
  ///
  /// `sweep_at` is the time of the next inspection, since the end may have moved.
  private static let ended = TimedStatement(name: "sweep_ended") { time in
    """
    with gate as materialized (\(gate)), m as materialized (\(time.moment)),
    due as materialized (
      select s.id, \(LedgerSQL.end) as ends, s.status <> 2 and not \(LedgerSQL.isCovered) as is_expired
      from session s where (select is_held from gate) and s.sweep_at <= (select now from m) - $1::int8
      order by s.sweep_at limit \(rowsMax) for update of s skip locked
    ), moved as (
      update session s set sweep_at = d.ends from due d, m
      where s.id = d.id and d.ends > m.now - $1::int8 returning 1
    ), gone as (
      delete from session s using due d, m
      where s.id = d.id and d.ends <= m.now - $1::int8 returning d.is_expired
    ), due_token as materialized (
      select t.id from one_time_token t
      where (select is_held from gate) and t.expires_at <= (select now from m) - $1::int8
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

  private static let revocations = removal("sweep_revocations", table: "revocation", key: "number")
  private static let proofs = removal("sweep_proofs", table: "used_proof", key: "digest")

  /// Returns a statement that removes rows of a table whose `until_ms` is over.
  private static func removal(_ name: String, table: String, key: String) -> TimedStatement {
    TimedStatement(name: name) { time in
      """
      with gate as materialized (\(gate)), m as materialized (\(time.moment)),
      due as materialized (
        select r.\(key) from \(table) r
        where (select is_held from gate) and r.until_ms <= (select now from m) - $1::int8
        order by r.until_ms limit \(rowsMax) for update of r skip locked
      )
      delete from \(table) r using due d where r.\(key) = d.\(key)
      """
    }
  }

  /// Returns a statement for the next sessions of the mark `k`, in the order of an index, that removes those which the
  /// mark covers.
  ///
  /// A row that another transaction holds, or that was opened just now, is removed at its own end.
  private static func covered(_ name: String, mark: String, next: String, order: String) -> TimedStatement {
    TimedStatement(name: name) { time in
      """
        with gate as materialized (\(gate)), m as materialized (\(time.moment)),
        k as materialized (
          select k.client, k.number, k.swept from mark k
          where (select is_held from gate) and k.swept is not null and \(mark) order by k.client limit 1
        ), part as materialized (
          select s.id, s.opened_number from session s where \(next) order by \(order) limit \(walkedMax)
        ), due as materialized (
          select s.id from part p join session s on s.id = p.id
          where p.opened_number < (select number from k) and s.opened_at <= (select now from m) - $1::int8
          for update of s skip locked
        ), gone as (
          delete from session s using due d where s.id = d.id returning 1
        )
        update mark u set swept = case when (select count(*) from part) = \(walkedMax)
          then (select id from part order by id desc limit 1) end
        from k where u.client = k.client
        returning (select count(*) from gone), u.swept is not null
      """
    }
  }

  private static let coveredOfAll = covered(
    "sweep_covered_all", mark: "k.client = ''", next: "s.id > (select swept from k)", order: "s.id")
  /// A statement for the marks of clients.
  ///
  /// The statement uses a range of the index of clients: with an equality the planner could walk through all sessions
  /// in the order of ids.
  private static let coveredOfClient = covered(
    "sweep_covered_client", mark: "k.client <> ''",
    next: """
      (s.client, s.id) > ((select substr(client, 2) from k), (select swept from k))
      and s.client <= (select substr(client, 2) from k)
      """,
    order: "s.client, s.id")

  /// A statement that removes old shifts.
  ///
  /// The statement keeps as many as instances hold.
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
