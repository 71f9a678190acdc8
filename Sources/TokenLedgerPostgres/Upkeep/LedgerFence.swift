#if Postgres
internal import RotationModel

/// The end of every session of a ledger whose database has lost acknowledged changes: it was restored to an earlier
/// moment, or a lagging standby was promoted.
///
/// Nobody knows which tokens were used since, so none is accepted.
package enum LedgerFence {
  package struct Report: Sendable, Hashable {
    /// The number of live sessions that were ended.
    package var endedSessions: Int
    /// The number of one-time tokens that were ended.
    package var endedOneTimeTokens: Int
    /// The number of times that the ledger has been fenced.
    package var fence: Int64
    /// The server's timeline, which the instances accept as the right one from now on.
    package var timeline: Int64
  }

  /// The most milliseconds by which a primary's clock can be behind the former one's, whose access tokens must be ended
  /// too.
  private static let clockToleranceMilliseconds: Int64 = 10_000

  /// Ends sessions, access tokens and one-time tokens and counts the fence, in one transaction: either all of it has
  /// happened or nothing.
  ///
  /// The sweep of the instances removes the rows, some at a time.
  ///
  /// Instances that refuse to serve continue when they next try to connect, after seconds. The call can be repeated,
  /// which ends what was opened since.
  ///
  /// - Parameters:
  ///   - connection: A connection of a connector with the hooks of an ``InstanceKnowledge``, which accept the server's
  ///     timeline, and with options that accept a ledger that lacks something.
  ///   - deadline: The time at which the connection is closed.
  /// - Returns: The report, in which the sessions are those that were live just before.
  /// - Throws: `.nothingHappened` if the steps under way do not end within a second, or the other errors of
  ///   ``LedgerConnection/step(_:hold:wakes:deadline:)``.
  package static func run(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Report {
    let live = try ReadingSteps.count(of: .all, on: connection, deadline: deadline)
    let answer = try connection.step(
      [
        Query(advance), Query(fence[connection.setting.time]), Query(endOneTimeTokens[connection.setting.time]),
        Query(renewRecords),
      ], hold: .alone, wakes: true, deadline: deadline)
    return Report(
      endedSessions: live, endedOneTimeTokens: answer.rows[2].changedCount, fence: try answer.rows[1].int64(0, 0),
      timeline: connection.facts.timeline)
  }

  /// The statement of the fence.
  ///
  /// The fence is a mark of all that reaches further: into the time of a clock that was ahead, and for as long as any
  /// access token can live.
  private static let fence = TimedStatement(name: "fence") { time in
    """
    with moment as materialized (
      select \(clockToleranceMilliseconds) + greatest(m.now, \(LedgerSQL.latestScope)) as at_ms,
        m.now, m.shift, nextval('ledger_number') as number
      from (\(time.moment)) m
    ), marked as (
      insert into mark as k(client, number, at_ms) select '', m.number, m.at_ms from moment m
      on conflict (client) do update set number = excluded.number, at_ms = excluded.at_ms, swept = ''
    ), told as (
      insert into event(number, at_ms, shown_ms, kind)
      select m.number, m.now, m.now - m.shift * 1000, \(EventRow.Kind.revokedAll.rawValue)::int2 from moment m
    ), heard as (
      insert into revocation(number, at_ms, until_ms, kind)
      select m.number, m.at_ms, m.at_ms + \(Lifetimes.accessMillisecondsMax), 3 from moment m
    )
    update ledger l set fence = l.fence + 1, state = 'open', high_ms = greatest(l.high_ms, m.now) from moment m returning l.fence
    """
  }

  private static let endOneTimeTokens = TimedStatement(name: "fence_one_time") { time in
    "update one_time_token t set consumed_at = m.now, attempt = 0 from (\(time.moment)) m where t.consumed_at is null"
  }

  /// The number by which numbers are advanced, which is more than any restore takes back.
  ///
  /// Running instances follow events and changes of records by numbers that never decrease. Everything after the fence,
  /// and its own event, must therefore be above the numbers that they have seen. The number is a multiple of those that
  /// locks distinguish; 2^23 fences use the sequence up.
  static let numbersSkipped: Int64 = 1 << 40

  /// A statement that prevents numbers of the lost server from being given out again, whatever the new one's timeline
  /// is.
  private static let advance = Statement(
    name: "fence_advance",
    sql: "select setval('ledger_number', last_value + \(numbersSkipped)) from ledger_number")

  /// A statement that gives all records new numbers, so that all instances read them anew: keys and accounts went back
  /// too, with numbers that instances have heard of.
  private static let renewRecords = Statement(
    name: "fence_records",
    sql: """
      with changed as (update record set change = nextval('ledger_number') returning change)
      update ledger set record_change = greatest(record_change, (select max(change) from changed))
      """)
}
#endif
