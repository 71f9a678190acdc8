#if Postgres
internal import Platform

/// A connection to the primary that was checked, and how steps run on it.
///
/// One thread uses it at a time, as is so of the database's connection.
package final class LedgerConnection {
  package let database: DatabaseConnection
  package let facts: LedgerFacts
  package let setting: LedgerSetting
  let host: Int

  /// The answer of the last step's prelude.
  private(set) var latest: Prelude.Answer?
  /// The boot clock at that.
  private var latestBoot: Int64 = 0

  /// Creates a connection for steps over one that was checked; `host` is the place of its host in the address.
  package init(_ database: DatabaseConnection, facts: LedgerFacts, setting: LedgerSetting, host: Int = 0) {
    (self.database, self.facts, self.setting, self.host) = (database, facts, setting, host)
  }

  /// The answer of a step: the rows of its queries, without those of its prelude.
  package struct Answer {
    package let prelude: Prelude.Answer
    package let rows: [Rows]
  }

  /// Runs one step in one round trip.
  ///
  /// - Parameters:
  ///   - queries: The queries of the step, which run after its prelude and in the same transaction.
  ///   - hold: The way in which the step holds the lock of steps under way.
  ///   - wakes: True if other instances are told, after the commit, that there is something to read.
  ///   - deadline: The time at which the connection is closed.
  /// - Returns: The answers of the prelude and of the queries. They are committed, and on a standby if one is required.
  /// - Throws: The errors of a transaction, or `.unready`, `.unsuitable` or `.unreachable` if the database or this
  ///   instance refuses to begin the step. After `.lost`, `.warned`, `.statement` and `.malformed` the step is possibly
  ///   committed.
  package func step(
    _ queries: [Query], hold: Prelude.Hold = .shared, wakes: Bool = false, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Answer {
    try checkTimeline()
    let begun = setting.prelude.queries(facts, leastTime: setting.hooks.leastTime(), hold: hold) + queries
    let rows = try run(begun, after: after(wakes: wakes), begins: true, deadline: deadline)
    try checkStandby(rows, after: begun.count)
    return try answer(rows, count: queries.count)
  }

  /// Begins a step that ends with ``finish(_:wakes:deadline:)``: its transaction stays open over a round trip.
  ///
  /// Whoever does not finish the step rolls it back.
  package func begin(
    _ queries: [Query], hold: Prelude.Hold = .shared, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Answer {
    try checkTimeline()
    let begun = setting.prelude.queries(facts, leastTime: setting.hooks.leastTime(), hold: hold) + queries
    do {
      var rows = try run([Query(.begin)] + begun, begins: true, deadline: deadline)
      rows.removeFirst()
      return try answer(rows, count: queries.count)
    } catch {
      throw error.withoutEffect
    }
  }

  /// Runs the last queries of a step that was begun, and commits.
  package func finish(
    _ queries: [Query], wakes: Bool = false, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Rows] {
    let rows = try run(queries + [Query(.commit)], after: after(wakes: wakes), begins: false, deadline: deadline)
    try checkStandby(rows, after: queries.count + 1)
    return Array(rows.prefix(queries.count))
  }

  /// Looks at something without a step: what it gives is not sure to be on a standby.
  ///
  /// `isWide` is true if the query looks at whole tables, for which the order of an index is a detour.
  package func look(
    _ query: Query, isWide: Bool = false, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Rows {
    try checkTimeline()
    let before = setting.prelude.clock() + (isWide ? [Query(Self.scan)] : [])
    let rows = try database.transaction(before + [query], deadline: deadline)
    guard let found = rows.last else { throw .malformed("a query has no answer") }
    return found
  }

  /// Notes the number of an event that a committed step has written, before anybody is told of it.
  func acknowledge(_ number: Int64) { setting.hooks.acknowledge(number, facts.fence) }

  /// Notes a time that a committed step had, so that the instance's own clock is not behind it.
  func note(_ time: Timestamp) {
    guard let latest else { return }
    setting.hooks.noteTime(time, latest.shiftMilliseconds)
  }

  private func run(
    _ queries: [Query], after: [Query] = [], begins: Bool, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Rows] {
    do {
      return try database.transaction(queries, after: after, deadline: deadline)
    } catch {
      switch error {
      case .nothingHappened(let code, let text):
        if let refusal = StepRefusal(code: code, text: text) { throw refused(refusal) }
      case .statement(let code, let index, let text) where begins:
        // The prelude writes nothing, so of its later statements the same holds as of the first.
        let begin = queries.first?.statement == .begin ? 1 : 0
        guard index < begin + Prelude.count else { break }
        if let refusal = StepRefusal(code: code, text: text) { throw refused(refusal) }
        throw .nothingHappened(code: code, text)
      default: break
      }
      throw error
    }
  }

  /// Another connection has possibly found the next primary meanwhile, while this one's goes on by itself.
  private func checkTimeline() throws(DatabaseError) {
    guard setting.hooks.isLeftBehind(facts) else { return }
    database.close()
    throw .unreachable("another server has taken over from the one that this connection leads to")
  }

  /// Closes the connection, since what it found of the ledger does not hold any more.
  private func refused(_ refusal: StepRefusal) -> DatabaseError {
    database.close()
    if case .clock(let shift) = refusal { setting.hooks.noteClockRefusal(shift) }
    return refusal.error
  }

  private func after(wakes: Bool) -> [Query] {
    (setting.options.standby == .required ? [Query(Self.standby)] : [])
      + (wakes ? [Query(Self.notify, [.text(setting.schema.text)])] : [])
  }

  private func checkStandby(_ rows: [Rows], after count: Int) throws(DatabaseError) {
    guard setting.options.standby == .required else { return }
    guard rows.count > count, try !rows[count].text(0, 0).isEmpty else {
      throw .warned("the primary's synchronous_standby_names was emptied while a change was committed")
    }
  }

  private func answer(_ rows: [Rows], count: Int) throws(DatabaseError) -> Answer {
    let prelude = try setting.prelude.answer(rows.prefix(Prelude.count))
    guard rows.count >= Prelude.count + count else { throw .malformed("a step has fewer answers than queries") }
    (latest, latestBoot) = (prelude, boot())
    note(prelude.now)
    return Answer(prelude: prelude, rows: Array(rows[Prelude.count..<Prelude.count + count]))
  }

  // MARK: - What the ledger must know before something is granted

  /// Sees to it that the ledger knows how long access tokens live and that a grace window can open, before either is
  /// granted.
  ///
  /// The call costs a step of its own if the ledger does not know; for windows at most once a minute.
  func raiseLimits(
    accessMilliseconds: Int64, graceMilliseconds: Int64, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let access = min(accessMilliseconds, Lifetimes.accessMillisecondsMax)
    func isKnown() -> Bool {
      guard let latest else { return access <= 0 && graceMilliseconds <= 0 }
      let end = latest.now.advanced(
        byMilliseconds: boot() - latestBoot + graceMilliseconds + Self.windowSlackMilliseconds)
      return access <= latest.accessMilliseconds && (graceMilliseconds <= 0 || end <= latest.windowsUntil)
    }
    if !isKnown() {
      let raise = Query(Self.raise[setting.time], [.int64(access), .int64(graceMilliseconds)])
      let answer: Answer
      // Whatever comes of it, what it is for has not begun.
      do { answer = try step([raise], deadline: deadline) } catch { throw error.withoutEffect }
      if answer.rows[0].count == 1 {
        latest?.accessMilliseconds = try answer.rows[0].int64(0, 0)
        latest?.windowsUntil = Timestamp(milliseconds: try answer.rows[0].int64(0, 1))
      }
    }
    if graceMilliseconds > 0, let end = latest?.windowsUntil { setting.hooks.expectWindow(end) }
  }

  private static let windowSlackMilliseconds: Int64 = 15_000

  private static let raise = TimedStatement(name: "raise_limits") { time in
    """
    update ledger l set access_ms = greatest(l.access_ms, $1),
      windows_until = case when $2 <= 0 then l.windows_until
        else greatest(l.windows_until, \(time.now) + $2 + \(windowSlackMilliseconds) + 60000) end
    where l.access_ms < $1 or $2 > 0 and l.windows_until < \(time.now) + $2 + \(windowSlackMilliseconds)
    returning l.access_ms, l.windows_until
    """
  }

  private func boot() -> Int64 {
    setting.options.simulatedClock?.bootMilliseconds() ?? ClockReading.bootMilliseconds()
  }

  private static let scan = Statement(name: "scan", sql: "select set_config('enable_seqscan', 'on', true)")

  private static let standby = Statement(
    name: "standby_after", sql: "select current_setting('synchronous_standby_names')")

  /// In a transaction of its own, whose commit waits for nobody: the queue of notifications is locked until it is over.
  private static let notify = Statement(
    name: "notify", sql: "select set_config('synchronous_commit', 'off', true), pg_notify($1, '')")
}

extension DatabaseError {
  /// The error of a transaction that was not told to commit, or that decided nothing: nothing has happened.
  var withoutEffect: DatabaseError {
    switch self {
    case .lost(let text), .warned(let text): .unreachable(text)
    case .statement(let code, _, let text): .nothingHappened(code: code, text)
    case .malformed(let text): .nothingHappened(code: "XX001", text)
    case .unreachable, .refusedConnection, .nothingHappened, .unsuitable, .unready: self
    }
  }
}

/// The settings that all connections of an instance share.
package struct LedgerSetting: Sendable {
  package let schema: SchemaName
  package let options: PostgresOptions
  package let prelude: Prelude
  let time: StatementTime
  package var hooks = LaneHooks()

  /// - Throws: `.unsuitable` for a schema's name that PostgreSQL does not take.
  package init(options: PostgresOptions) throws(DatabaseError) {
    schema = try SchemaName(options.schema)
    self.options = options
    prelude = Prelude(options: options)
    time = options.time
  }
}
#endif
