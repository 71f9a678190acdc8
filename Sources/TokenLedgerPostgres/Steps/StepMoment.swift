#if Postgres
internal import TokenLedger

/// The moment of a step: read after its locks were granted, so it is later than whatever was decided of the same
/// sessions before.
struct StepMoment: Sendable {
  let now: Timestamp
  /// By how many whole seconds that is ahead of the clock.
  let shift: Int64
  /// The longest lifetime of access tokens that any instance has issued with.
  let accessMilliseconds: Int64
  let shifts: TimeShifts

  var ledgerMoment: LedgerMoment { LedgerMoment(time: now, shift: shift) }

  /// Reads the moment from the first row of ``statement``, or of another one that has its columns from `start` on, and
  /// the shifts from the rows of ``shiftsStatement``.
  init(_ rows: Rows, from start: Int = 0, shifts: Rows) throws(DatabaseError) {
    now = Timestamp(milliseconds: try rows.int64(0, start))
    shift = try rows.int64(0, start + 1)
    accessMilliseconds = try rows.int64(0, start + 2)
    self.shifts = try TimeShifts(shifts)
  }

  static let statement = TimedStatement(name: "moment") { time in time.moment }

  static let shiftsStatement = Statement(
    name: "shifts",
    sql: """
      select from_ms, seconds from (select * from time_shift order by from_ms desc limit \(TimeShifts.changesMax)) t order by from_ms
      """)
}

extension TimeShifts {
  /// Reads the shifts from rows of a time in milliseconds and the seconds from then on, in ascending order of time.
  init(_ rows: Rows) throws(DatabaseError) {
    self.init()
    for row in 0..<rows.count {
      change(to: try rows.int64(row, 1), from: Timestamp(milliseconds: try rows.int64(row, 0)))
    }
  }
}
#endif
