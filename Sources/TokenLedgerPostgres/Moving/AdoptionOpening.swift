#if Postgres
internal import RotationModel

/// The change that opens an adopted ledger, so that instances can serve it, with a time that is not behind the
/// folder's.
struct AdoptionOpening {
  /// The lower bound of the ledger's time.
  let least: Timestamp
  /// The longest lifetime of the folder's access tokens, in milliseconds.
  let accessMilliseconds: Int64
  /// The time in milliseconds after `least` for which a grace window of the folder can be open.
  let windowMilliseconds: Int64

  func query(_ time: StatementTime) -> Query {
    Query(
      Self.opening[time], [.int64(least.milliseconds), .int64(accessMilliseconds), .int64(windowMilliseconds)])
  }

  /// The statement of the opening.
  ///
  /// A shift that differs from the folder's is in force from a time at which nothing was issued.
  private static let opening = TimedStatement(name: "adopt_open") { time in
    func seconds(_ shift: String) -> String { "case when \(shift) < 1000 then 0 else (\(shift) + 999) / 1000 end" }
    return """
      with last as materialized (
        select coalesce((select seconds from time_shift order by from_ms desc limit 1), 0) as seconds, max(from_ms) as from_ms
        from time_shift
      ), needed as materialized (
        select greatest(l.shift_ms, $1 - (\(time.now) - l.shift_ms)) as shift_ms from ledger l
      ), opened as (
        update ledger l
        set state = 'open', shift_ms = n.shift_ms + case when \(seconds("n.shift_ms")) <> k.seconds then 1 else 0 end,
          high_ms = greatest(l.high_ms, $1, \(time.now)), access_ms = greatest(l.access_ms, $2),
          windows_until = greatest(l.windows_until, $1 + $3),
          record_change = greatest(l.record_change, (select max(change) from record))
        from needed n, last k
        returning \(time.now) as now, \(StatementTime.shiftSeconds) as shift
      )
      insert into time_shift(from_ms, seconds)
      select greatest(o.now, k.from_ms + 1), o.shift from opened o, last k where o.shift <> k.seconds
      """
  }
}
#endif
