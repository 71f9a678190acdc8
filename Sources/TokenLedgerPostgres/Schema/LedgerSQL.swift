#if Postgres
/// Parts of SQL that many statements share, so that each rule stands once.
package enum LedgerSQL {
  // MARK: - Advisory locks
  // In the two-number form: the ledger's sequence names the ledger, so that several in one database do not meet.

  /// The first number of every advisory lock of this ledger.
  package static let lockSpace = "'ledger_number'::regclass::oid::int4"

  /// The last number that was given out, where `ledger_number` stands in the statement; 0 before the first.
  static let lastNumber = "(last_value - (not is_called)::int4)"

  /// The second number of the lock by which a step holds the last number that had been given out when it began; 2^28 of
  /// them are told apart.
  package static let blockLock = "(\(blockLockBase) + (\(lastNumber) & 268435455))::int4"
  /// The number at which the second numbers of blocks begin; those of other locks are below.
  package static let blockLockBase = 1_879_048_192

  /// Steps under way hold it together; a wide mark, a change of state and a fence hold it alone.
  package static let stepLock = 8
  /// Whoever advances the timeline holds it alone.
  package static let timelineLock = 9
  /// Whoever sweeps holds it alone.
  package static let sweepLock = 10
  /// Whoever makes or upgrades the schema: the whole database's, before there is a sequence.
  package static let schemaLock: Int64 = 0x7265_6672_6573_6801

  /// The lock of a subject: openings hold it together, its revocation alone.
  static func subjectLock(_ subject: String) -> String {
    "hashtextextended(\(subject), 'ledger_number'::regclass::oid::int8)"
  }

  // MARK: - What a session is at a moment

  /// Whether a wide mark covers the session `s`.
  static let isCovered = """
    exists (select from mark k where k.client in ('', '=' || s.client) and k.number > s.opened_number)
    """

  /// The end of the session `s`.
  static let end = "least(s.refreshed_at + s.idle_ms, s.opened_at + s.absolute_ms)"

  /// Whether the session `s` can be refreshed at `m.now`.
  static let isUsable = "s.status = 1 and m.now < \(end) and not \(isCovered)"

  /// The latest time of what verifiers compare with times of issue; null for none. A later one than there can be stands
  /// in a row that is damaged, and stops no mark.
  static let latestScope = """
    (select max(v.at_ms) from revocation v where v.kind in (3, 4) and v.at_ms <= 253402300799999)
    """

  // MARK: - Tables

  package static let sessionColumns = """
    s.id, s.generation, s.opened_at, s.refreshed_at, s.idle_ms, s.absolute_ms, s.opened_number, s.sweep_at, s.ended_at, \
    s.attempt, s.subject_version, s.client_version, s.status, s.rotation, s.successor_seen, s.subject, s.client, s.scope, \
    s.narrowed, s.label
    """

  /// The timeline that a primary writes; the server has no shorter word for it.
  package static let timeline = "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int8"

  /// A write that waits for the standby like any other change and changes nothing.
  package static let barrier = "pg_logical_emit_message(true, 'refresh_ledger', '')"
  package static let barrierStatement = Statement(name: "barrier", sql: "select \(barrier)")
}

/// The source of the time in statements.
package enum StatementTime: Sendable, Hashable {
  /// The database's clock.
  case database
  /// The time that the step was begun with: in tests.
  case simulated

  /// The ledger's time in milliseconds, where `ledger` stands in the statement as `l`. Never beyond what a `Timestamp`
  /// of a session can be.
  package var now: String {
    let clock =
      switch self {
      case .database: "(extract(epoch from clock_timestamp()) * 1000)::int8"
      case .simulated: "current_setting('refresh_ledger.now')::int8"
      }
    return "least(\(clock) + l.shift_ms, 253402214399999)"
  }

  /// By how many whole seconds that is ahead of the clock: rounded up, and 0 for less than one.
  package static let shiftSeconds = "case when l.shift_ms < 1000 then 0 else (l.shift_ms + 999) / 1000 end"

  /// A table of one row, `m`, with the moment.
  package var moment: String { "select \(now) as now, \(Self.shiftSeconds) as shift, l.access_ms from ledger l" }
}

/// A statement whose time comes from the database's clock or, in tests, from the step's beginning.
package struct TimedStatement: Sendable {
  private let database: Statement
  private let simulated: Statement

  package init(name: String, _ sql: (StatementTime) -> String) {
    database = Statement(name: name, sql: sql(.database))
    simulated = Statement(name: name, sql: sql(.simulated))
  }

  package subscript(time: StatementTime) -> Statement { time == .database ? database : simulated }
}
#endif
