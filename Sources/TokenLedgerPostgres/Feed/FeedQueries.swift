#if Postgres
internal import RotationModel

/// The statements of the feed and of the examination of a new connection.
struct FeedQueries: Sendable {
  private let prelude: Prelude
  let facts: Statement
  let markLacking: Statement
  let timelineLock: Statement
  let advanceNumbers: Statement
  let advanceTimeline: Statement
  let raisingLock: Statement
  let raiseShift: Statement
  let shifts: Statement
  let flush: Statement
  let pulse: Statement
  let look: Statement
  let lowestStep: Statement
  let revocations: Statement
  let newestEvent: Statement

  /// The most revocations that one reading takes.
  static let revocationsMax = 5000
  /// The most notes that one reading writes.
  static let notesMax = 1000
  /// The number by which numbers are advanced on a timeline that is new to the ledger.
  static let numbersSkipped = 1 << 20

  init(options: PostgresOptions) {
    let time = options.time
    prelude = Prelude(options: options)
    facts = Self.facts(time)
    markLacking = Statement(
      name: "feed_mark_lacking", sql: "update ledger set state = 'lacking' where state = 'open' and fence = $1")
    timelineLock = Statement(
      name: "feed_timeline_lock",
      sql: "select pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.timelineLock))")
    let isNew = """
      l.timeline < \(LedgerSQL.timeline) or l.server <> (select system_identifier::text from pg_control_system())
      """
    advanceNumbers = Statement(
      name: "feed_advance_numbers",
      sql: """
        select setval('ledger_number', n.last_value + \(Self.numbersSkipped)) from ledger l, ledger_number n where \(isNew)
        """)
    advanceTimeline = Statement(
      name: "feed_advance_timeline",
      sql: """
        update ledger l set timeline = case when \(isNew) then \(LedgerSQL.timeline) else l.timeline end,
          server = (select system_identifier::text from pg_control_system())
        """)
    raisingLock = Statement(
      name: "feed_raising_lock",
      sql: """
        select set_config('lock_timeout', '1s', true), pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock))
        """)
    raiseShift = Self.raiseShift(time)
    shifts = Statement(
      name: "feed_shifts",
      sql: "select l.shift_ms, t.from_ms, t.seconds from ledger l left join time_shift t on true order by t.from_ms")
    flush = Self.flush(time)
    pulse = Statement(
      name: "feed_pulse",
      sql: """
        with m as (\(time.moment)), due as (
          select l.only_row from ledger l, m where l.high_ms < m.now - 500 for update of l skip locked)
        update ledger l set high_ms = m.now from m, due where l.only_row = due.only_row
        """)
    look = Statement(
      name: "feed_look",
      sql: """
        select \(time.now), l.shift_ms, l.high_ms, l.windows_until, l.record_change, \(LedgerSQL.lastNumber), \(LedgerSQL.barrier)::text,
          l.stale_ms
        from ledger l, ledger_number
        """)
    lowestStep = Statement(name: "feed_lowest_step", sql: StreamFloor.lowestStep)
    revocations = Statement(
      name: "feed_revocations",
      sql: """
        select \(RevocationRow.columns) from revocation v where v.number > $1 order by v.number limit \(Self.revocationsMax)
        """)
    newestEvent = Statement(
      name: "feed_newest_event", sql: "select number, at_ms from event order by number desc limit 1")
  }

  /// Returns the queries that set the time of a step without a prelude in tests; none in service.
  func time() -> [Query] { prelude.clock() }

  private static func facts(_ time: StatementTime) -> Statement {
    Statement(
      name: "feed_facts",
      sql: """
        select l.timeline, l.fence, l.server, \(LedgerSQL.timeline), (select system_identifier::text from pg_control_system()),
          \(time.now), l.shift_ms, l.high_ms,
          coalesce(exists (select from event where number = $1) or $1 < \(EventReading.oldestNumber), false)
            and coalesce(exists (select from event where number = $2 and at_ms = $3) or $2 < \(EventReading.oldestNumber), true),
          l.state = 'lacking'
        from ledger l
        """)
  }

  /// Returns the statement that raises the shift.
  ///
  /// `time_shift` keeps the last 256 changes of the shift in whole seconds.
  private static func raiseShift(_ time: StatementTime) -> Statement {
    Statement(
      name: "feed_raise_shift",
      sql: """
        with before as (select l.shift_ms, \(StatementTime.shiftSeconds) as shift from ledger l),
        raised as (
          update ledger l set shift_ms = $1, high_ms = greatest(l.high_ms, \(time.now) - l.shift_ms + $1)
          from before where before.shift_ms < $1
          returning \(time.now) as now, \(StatementTime.shiftSeconds) as shift)
        insert into time_shift(from_ms, seconds)
        select greatest(raised.now, (select max(from_ms) + 1 from time_shift)), raised.shift from raised, before
        where raised.shift <> before.shift
        """)
  }

  /// Returns the statement that writes notes to the sessions whose live token was seen.
  ///
  /// The statement returns the sessions whose row another transaction holds at this moment.
  private static func flush(_ time: StatementTime) -> Statement {
    let isDue = """
      s.generation = n.generation and s.status = 1 and not s.successor_seen
      and m.now < s.refreshed_at + \(RotationRequest.graceMillisecondsMax)
      """
    return Statement(
      name: "feed_flush",
      sql: """
        with m as (\(time.moment)), noted as (select * from unnest($1::bytea[], $2::int8[]) as n(id, generation)),
        due as (
          select s.id from noted n join session s on s.id = n.id, m where \(isDue) order by s.id for update of s skip locked),
        seen as (
          update session s set successor_seen = true from due where s.id = due.id
          returning s.id, s.generation, s.subject, s.client),
        told as (
          insert into event(number, at_ms, shown_ms, kind, session, generation, subject, client)
          select nextval('ledger_number'), m.now, m.now - 1000 * m.shift, \(EventRow.Kind.successorSeen.rawValue)::int2,
            o.id, o.generation, o.subject, o.client
          from m, (select * from seen order by id) o)
        select n.id, n.generation from noted n join session s on s.id = n.id, m
        where \(isDue) and not exists (select from due where due.id = n.id)
        """)
  }
}
#endif
