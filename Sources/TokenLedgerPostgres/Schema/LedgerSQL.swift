#if Postgres
/// The parts of SQL that several statements share, so that each rule is defined once.
package enum LedgerSQL {
  // MARK: - Advisory locks
  // The two-number form is used: the ledger's sequence identifies the ledger, so that several ledgers in one database
  // do not conflict.

  /// The first number of every advisory lock of this ledger.
  package static let lockSpace = "'ledger_number'::regclass::oid::int4"

  /// The last number that was given out, for a statement that has `ledger_number`; 0 before the first.
  static let lastNumber = "(last_value - (not is_called)::int4)"

  /// The second number of the lock by which a step holds the last number that had been given out when it began; 2^28
  /// numbers are distinguished.
  package static let blockLock = "(\(blockLockBase) + (\(lastNumber) & 268435455))::int4"
  /// The lowest second number of those locks; other locks have lower ones.
  package static let blockLockBase = 1_879_048_192

  /// The lock that steps under way share, and that a wide mark, a change of state and a fence hold exclusively.
  package static let stepLock = 8
  /// The lock that is held exclusively while the timeline is advanced.
  package static let timelineLock = 9
  /// The lock that the sweeping instance holds exclusively.
  package static let sweepLock = 10
  /// The lock for making or upgrading a schema.
  ///
  /// The lock covers the whole database, since the sequence does not exist yet.
  package static let schemaLock: Int64 = 0x7265_6672_6573_6801

  /// Returns the lock of a subject, which openings share and the subject's revocation holds exclusively.
  static func subjectLock(_ subject: String) -> String {
    "hashtextextended(\(subject), 'ledger_number'::regclass::oid::int8)"
  }

  // MARK: - The state of a session at a moment

  /// The condition that a wide mark covers the session `s`.
  static let isCovered = """
    exists (select from mark k where k.client in ('', '=' || s.client) and k.number > s.opened_number)
    """

  /// The end of the session `s`.
  static let end = "least(s.refreshed_at + s.idle_ms, s.opened_at + s.absolute_ms)"

  /// The condition that the session `s` can be refreshed at `m.now`.
  static let isUsable = "s.status = 1 and m.now < \(end) and not \(isCovered)"

  /// The latest time that verifiers compare with times of issue, or null.
  ///
  /// A time that is too late can only be in a damaged row, and must not prevent a mark.
  static let latestScope = """
    (select max(v.at_ms) from revocation v where v.kind in (3, 4) and v.at_ms <= 253402300799999)
    """

  // MARK: - Tables

  package static let sessionColumns = """
    s.id, s.generation, s.opened_at, s.refreshed_at, s.idle_ms, s.absolute_ms, s.opened_number, s.sweep_at, s.ended_at, \
    s.attempt, s.subject_version, s.client_version, s.status, s.rotation, s.successor_seen, s.subject, s.client, s.scope, \
    s.narrowed, s.label, s.key, s.access_key, s.attributes
    """

  /// The timeline that a primary writes; the server has no shorter expression for it.
  package static let timeline = "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int8"

  /// A write that changes nothing, and waits for the standby like any other change.
  package static let barrier = "pg_logical_emit_message(true, 'refresh_ledger', '')"
  package static let barrierStatement = Statement(name: "barrier", sql: "select \(barrier)")
}

/// The source of the time in statements.
package enum StatementTime: Sendable, Hashable {
  /// The database's clock.
  case database
  /// The time with which the step was begun, in tests.
  case simulated

  /// The ledger's time in milliseconds, for a statement that has `ledger` as `l`.
  ///
  /// The time is never beyond the latest `Timestamp` of a session.
  package var now: String {
    let clock =
      switch self {
      case .database: "(extract(epoch from clock_timestamp()) * 1000)::int8"
      case .simulated: "current_setting('refresh_ledger.now')::int8"
      }
    return "least(\(clock) + l.shift_ms, 253402214399999)"
  }

  /// The number of whole seconds by which the ledger's time is ahead of the clock: rounded up, and 0 for less than one.
  package static let shiftSeconds = "case when l.shift_ms < 1000 then 0 else (l.shift_ms + 999) / 1000 end"

  /// A table of one row, `m`, with the time of the step.
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
