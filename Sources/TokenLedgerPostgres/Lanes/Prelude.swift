#if Postgres
/// The facts that a connection found of the ledger, on which each of its steps relies.
package struct LedgerFacts: Sendable, Hashable {
  package var version: Int64
  package var timeline: Int64
  package var fence: Int64
  package var issuer: String?
  package var policy: String?
  /// The server's `system_identifier`, as the ledger has noted it.
  package var server: String

  package init(version: Int64, timeline: Int64, fence: Int64, issuer: String?, policy: String?, server: String) {
    self.version = version
    self.timeline = timeline
    self.fence = fence
    self.issuer = issuer
    self.policy = policy
    self.server = server
  }
}

extension PostgresOptions {
  /// The states of a ledger in which steps run, as SQL.
  fileprivate var servedStates: String { acceptsLacking ? "'open', 'lacking'" : "'open'" }
}

/// The beginning of every step, in the round trip of its first statements.
///
/// It has two statements: what comes after a statement has a later snapshot, so the second one sees whatever was
/// committed while the first one waited for its locks, and so do the step's own.
package struct Prelude: Sendable {
  /// The way in which a step holds the lock of steps under way.
  package enum Hold: Sendable, Hashable {
    /// With others.
    case shared
    /// After all that were under way, and before all that come: a wide mark.
    case alone
  }

  package struct Answer: Sendable, Hashable {
    /// The ledger's time, taken under the lock.
    package var now: Timestamp
    package var shiftMilliseconds: Int64
    /// The longest lifetime of access tokens that any instance has issued with.
    package var accessMilliseconds: Int64
    /// Until when a grace window can be open.
    package var windowsUntil: Timestamp
  }

  /// The number of its queries: an error of one of them means that nothing happened.
  package static let count = 2

  private let shared: Statement
  private let alone: Statement
  private let look: Statement
  private let simulatedClock: SessionClock?

  package init(options: PostgresOptions) {
    let space = LedgerSQL.lockSpace
    let standby = options.standby == .required ? Self.standbySQL : "null::int4"
    let clock = options.simulatedClock == nil ? "null" : "set_config('refresh_ledger.now', $1, true)"
    func lock(_ function: String) -> String {
      """
      select \(standby), \(clock), \(function)(\(space), \(LedgerSQL.stepLock)),
        pg_advisory_xact_lock_shared(\(space), \(LedgerSQL.blockLock))
      from ledger_number
      """
    }
    shared = Statement(name: "prelude_shared", sql: lock("pg_advisory_xact_lock_shared"))
    alone = Statement(name: "prelude_alone", sql: lock("pg_advisory_xact_lock"))
    look = Statement(
      name: "prelude_look",
      sql: """
        select case
            when l.version is null then \(StepRefusal.sql("ledger", "coalesce(l.state, '')"))
            when l.version <> $1 then \(StepRefusal.sql("version", "l.version"))
            when l.state not in (\(options.servedStates)) then \(StepRefusal.sql("state", "l.state"))
            when l.timeline <> $2 then \(StepRefusal.sql("timeline", "l.timeline"))
            when l.fence <> $3 then \(StepRefusal.sql("fence", "l.fence"))
            when \(options.time.now) < $4 then \(StepRefusal.sql("clock", "l.shift_ms"))
          end,
          \(options.time.now), l.shift_ms, l.access_ms, l.windows_until
        from (select) one left join ledger l on true
        """)
    simulatedClock = options.simulatedClock
  }

  /// Refuses if commits wait for no standby.
  private static let standbySQL = """
    case when current_setting('synchronous_standby_names') = ''
        or current_setting('synchronous_commit') not in ('on', 'remote_apply')
      then \(StepRefusal.sql("standby", "current_setting('synchronous_standby_names')")) end
    """

  /// Returns what sets the time of a transaction that is no step: nothing if the database's clock does.
  func clock() -> [Query] {
    guard let simulatedClock else { return [] }
    let statement = Statement(name: "clock", sql: "select set_config('refresh_ledger.now', $1, true)")
    return [Query(statement, [.text(String(simulatedClock.now().milliseconds))])]
  }

  /// Returns the queries that begin a step, with which the database refuses it unless the ledger is as the facts say.
  ///
  /// `leastTime` is the least that the ledger's time must be, in milliseconds, by what the instance has seen of it; nil
  /// if any time will do.
  package func queries(_ facts: LedgerFacts, leastTime: Int64? = nil, hold: Hold = .shared) -> [Query] {
    // An instance with a simulated clock tells the database the time of each step.
    let time = simulatedClock.map { [Parameter.text(String($0.now().milliseconds))] } ?? []
    return [
      Query(hold == .shared ? shared : alone, time),
      Query(look, [.int64(facts.version), .int64(facts.timeline), .int64(facts.fence), .int64(leastTime)]),
    ]
  }

  /// Reads the answer from the rows of the queries.
  package func answer(_ rows: ArraySlice<Rows>) throws(DatabaseError) -> Answer {
    guard rows.count == Self.count, let look = rows.last, look.count == 1 else {
      throw .malformed("a step began without an answer")
    }
    return Answer(
      now: Timestamp(milliseconds: try look.int64(0, 1)), shiftMilliseconds: try look.int64(0, 2),
      accessMilliseconds: try look.int64(0, 3), windowsUntil: Timestamp(milliseconds: try look.int64(0, 4)))
  }
}
#endif
