#if Postgres
/// The partitions of the events, which are made ahead of the numbers, and dropped when all of their events are older
/// than the retention.
///
/// All steps here wait for locks at most a fifth of a second, since everybody behind them waits as well, and are tried
/// again later. Until then events go to the default partition, from where they are moved.
enum EventPartitions {
  /// The findings of an inspection of the partitions.
  private struct Found {
    var isHeld: Bool
    var lastNumber: Int64
    /// The ranges that have a partition of their own, in order.
    var ranges: [Int64] = []
    /// The number of events of each range in the default partition.
    var resting: [(range: Int64, count: Int64)] = []

    var restingCount: Int64 { resting.reduce(0) { $0 + $1.count } }
  }

  /// The number of ranges after the current one that have a partition in advance.
  private static let aheadCount: Int64 = 2
  /// The most events that are moved out of the default partition, which nobody can write to meanwhile.
  private static let movedMax = 100_000
  /// The most events that one step deletes.
  private static let deletedMax = 5000
  /// The most partitions that one pass makes or drops.
  private static let changesMax = 8

  /// Makes the missing partitions.
  ///
  /// Returns true if all exist, and false if somebody held a lock for too long.
  static func makeAhead(_ connection: LedgerConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) -> Bool
  {
    for _ in 0..<changesMax {
      let found = try begin(connection, deadline: deadline)
      guard found.isHeld, let range = missing(found) else {
        _ = try connection.finish([], deadline: deadline)
        return true
      }
      guard try tries({ () throws(DatabaseError) in try make(range, connection, deadline: deadline) }) else {
        return false
      }
    }
    return false
  }

  /// Drops partitions whose events are all too old, and deletes such events from the default partition, some thousands
  /// at a time.
  ///
  /// The retention is in milliseconds of ledger time. Returns false if somebody held a lock for too long.
  static func dropOld(
    _ connection: LedgerConnection, retentionMilliseconds retention: Int64, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    for _ in 0..<changesMax {
      let found = try begin(connection, deadline: deadline)
      guard found.isHeld, let oldest = found.ranges.first, (oldest + 1) << bits <= found.lastNumber,
        try isOld(oldest, connection, retention, deadline: deadline)
      else {
        let delete = Query(deleteResting[connection.setting.time], [.int64(retention)])
        let rows = try connection.finish(found.isHeld ? [delete] : [], deadline: deadline)
        guard rows.first?.changedCount == deletedMax else { return true }
        continue
      }
      let isDropped = try tries { () throws(DatabaseError) in
        _ = try connection.finish(
          [Query(patience), Query(Statement(name: "partition_drop_\(oldest)", sql: "drop table event_\(oldest)"))],
          deadline: deadline)
      }
      guard isDropped else { return false }
    }
    return true
  }

  // MARK: - One partition

  private static let bits = Int64(EventReading.partitionBits)

  private static func begin(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Found {
    let rows = try connection.begin([Query(held), Query(partitions), Query(resting)], deadline: deadline).rows
    guard rows[0].count == 1 else { throw .malformed("the ledger's sequence is gone") }
    var found = Found(isHeld: try rows[0].bool(0, 0), lastNumber: try rows[0].int64(0, 1))
    for row in 0..<rows[1].count { found.ranges.append(try rows[1].int64(row, 0)) }
    for row in 0..<rows[2].count { found.resting.append((try rows[2].int64(row, 0), try rows[2].int64(row, 1))) }
    return found
  }

  /// Returns the first range that should get a partition.
  ///
  /// Ranges with too many events in the default partition stay there until the events are old.
  private static func missing(_ found: Found) -> Int64? {
    let current = found.lastNumber >> bits
    let isMovable = found.restingCount <= movedMax
    let resting = Set(found.resting.map(\.range))
    let wanted = (isMovable ? found.resting.map(\.range) : []) + (current...current + aheadCount)
    let known = Set(found.ranges)
    return wanted.first { !known.contains($0) && (isMovable || !resting.contains($0)) }
  }

  /// Makes the partition of a range.
  ///
  /// Nobody reads or writes events while some are moved. A writer would leave one in the default partition that belongs
  /// into the new one. A reader that waited for the default partition alone would not look into the new one, whose
  /// attachment its plan precedes, and would miss what was moved.
  private static func make(
    _ range: Int64, _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let (start, end) = (range << bits, (range + 1) << bits)
    let name = "event_\(range)"
    func statement(_ step: String, _ sql: String) -> Query {
      Query(Statement(name: "partition_\(step)_\(range)", sql: sql))
    }
    _ = try connection.finish(
      [
        Query(patience), Query(lockAll),
        statement(
          "make", "create table \(name) (like event including defaults including constraints including indexes)"),
        statement(
          "fill",
          """
          with moved as (delete from event_rest where number >= \(start) and number < \(end) returning *)
          insert into \(name) select * from moved
          """),
        statement("attach", "alter table event attach partition \(name) for values from (\(start)) to (\(end))"),
      ], deadline: deadline)
  }

  private static func isOld(
    _ range: Int64, _ connection: LedgerConnection, _ retention: Int64, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    let statement = Statement(
      name: "partition_newest_\(range)", sql: "select at_ms from event_\(range) order by number desc limit 1")
    let rows = try connection.database.transaction([Query(statement)], deadline: deadline)[0]
    guard rows.count == 1, let now = connection.latest?.now else { return rows.count == 0 }
    return try rows.int64(0, 0) < now.milliseconds - retention
  }

  /// Runs `body`.
  ///
  /// Returns false if a lock was not available in time, in which case nothing happened.
  private static func tries(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) -> Bool {
    do {
      try body()
      return true
    } catch {
      guard case .nothingHappened(let code, _) = error, code == "55P03" || code == "40P01" else { throw error }
      return false
    }
  }

  // MARK: - Statements

  private static let held = Statement(
    name: "partition_held", sql: "select g.is_held, \(LedgerSQL.lastNumber) from ledger_number, (\(LedgerSweep.gate)) g"
  )

  private static let partitions = Statement(
    name: "partition_list",
    sql: """
      select p.range from pg_inherits i join pg_class c on c.oid = i.inhrelid,
        lateral (select substring(c.relname from '^event_([0-9]+)$')::int8 as range) p
      where i.inhparent = 'event'::regclass and p.range is not null order by 1
      """)

  private static let resting = Statement(
    name: "partition_resting",
    sql: """
      select r.range, count(*) from (
        select number >> \(bits) as range from event_rest order by number limit \(movedMax + 1)) r
      group by 1 order by 1
      """)

  /// A statement that bounds the waits.
  ///
  /// Nobody waits for the standby with these locks: a change that is lost with the primary is made again.
  private static let patience = Statement(
    name: "partition_patience",
    sql: "select set_config('lock_timeout', '200ms', true), set_config('synchronous_commit', 'local', true)")

  /// A statement that locks the parent first, as readers and writers do, and leaves the other partitions alone.
  private static let lockAll = Statement(
    name: "partition_lock", sql: "lock table only event, only event_rest in access exclusive mode")

  private static let deleteResting = TimedStatement(name: "partition_delete") { time in
    """
    delete from event_rest where ctid = any(array(
      select e.ctid from event_rest e, (\(time.moment)) m
      where e.at_ms < m.now - $1::int8 and e.number < (select coalesce(min(p.number), 0) from (
        select substring(c.relname from '^event_([0-9]+)$')::int8 << \(bits) as number from pg_inherits i
        join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event'::regclass) p)
      order by e.number limit \(deletedMax)))
    """
  }
}
#endif
