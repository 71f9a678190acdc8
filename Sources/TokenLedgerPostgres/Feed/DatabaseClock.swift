#if Postgres
package import RotationModel
internal import Synchronization
package import TokenLedger

/// The ledger's time as an instance knows it without asking: the most that the database's time was seen ahead of this
/// machine's boot clock, and that clock. So it is never ahead of the database, and goes on at the machine's pace while
/// the database is away.
///
/// From any thread. A reading costs one look at the boot clock and no lock.
package final class DatabaseClock: Sendable {
  private struct History {
    var shifts = TimeShifts()
    var shiftMilliseconds: Int64 = 0
    /// By how much the database's own clock was ahead of the boot clock.
    var wallLead: Int64?
  }

  private let clock: SessionClock
  /// The clock of a test, which stands for the database's; nil in service.
  package let simulated: SessionClock?
  /// The ledger's time less the boot clock, in milliseconds; ``unknown`` before the first answer.
  private let lead = Atomic<Int64>(DatabaseClock.unknown)
  /// The latest time that a step had.
  private let latestStep = Atomic<Int64>(.min)
  /// The latest time that was told.
  private let latest = Atomic<Int64>(.min)
  /// The shift that was in force at the last answer.
  private let shiftMilliseconds = Atomic<Int64>(0)
  /// The last shift under which a step was refused, since the ledger's time was behind; ``unknown`` for none.
  private let refusedShift = Atomic<Int64>(DatabaseClock.unknown)
  private let history = Mutex(History())

  private static let unknown = Int64.min / 2
  /// The latest time that a statement gives; a later one stands in a row that is damaged.
  static let millisecondsMax: Int64 = 253_402_214_399_999

  /// - Parameter simulated: the clock that a test has in place of the database's and the machine's.
  package init(simulated: SessionClock? = nil) {
    self.simulated = simulated
    clock = simulated ?? .system
  }

  /// This machine's boot clock, in milliseconds.
  package func bootMilliseconds() -> Int64 { clock.bootMilliseconds() }

  /// The ledger's time, which never goes back. The machine's own before the first answer of a database.
  package func now() -> Timestamp {
    guard let estimate = estimate() else { return clock.now() }
    return Timestamp(milliseconds: latest.max(estimate, ordering: .relaxed).newValue)
  }

  /// Returns what the database's ledger time must be at least, by what this instance has seen of it; nil before the
  /// first answer. Taken before a transaction is sent, it is what the time in there is compared with: see
  /// ``timeToRaise(_:over:isNewConnection:)``.
  package func estimate() -> Int64? {
    if let simulated {
      // Nothing lies between a test's clock and the database's: what is read there counts at once.
      let wall = simulated.now().milliseconds
      let shift = shiftMilliseconds.load(ordering: .relaxed)
      lead.max(wall &+ shift &- simulated.bootMilliseconds(), ordering: .relaxed)
    }
    let lead = lead.load(ordering: .relaxed)
    guard lead > Self.unknown else { return nil }
    return clock.bootMilliseconds() &+ lead
  }

  /// Returns what the ledger's time must be at least in a step that begins now; less than ``estimate()`` by what the
  /// pace of two clocks can make.
  package func leastTime() -> Int64? {
    estimate().map { simulated == nil ? $0 - Self.driftMillisecondsMax : $0 }
  }

  // MARK: What answers tell

  /// Takes the time over that a step's answer has.
  ///
  /// - Parameter boot: the boot clock after the answer had come: what lies in between makes the time too small, never
  ///   too large.
  package func note(ledgerMilliseconds time: Int64, bootAtReply boot: Int64) {
    // Both are whole milliseconds: the part of one that the boot clock has passed could make the time too large.
    lead.max(time &- boot &- (simulated == nil ? 1 : 0), ordering: .relaxed)
    latestStep.max(time, ordering: .relaxed)
  }

  /// Returns the time to which the ledger's is to be raised, if the database's is behind what was known of it before
  /// the transaction was sent; else nil.
  ///
  /// Two machines' clocks go at slightly different paces. So that the faster one of many instances does not drive the
  /// ledger's time away from everybody's, a small difference that shows itself while a connection goes on is taken back
  /// here, a millisecond at a time.
  ///
  /// - Parameters:
  ///   - time: the ledger's time in the transaction.
  ///   - estimate: ``estimate()`` before it was sent.
  ///   - isNewConnection: whether it is the first one on its connection: another machine's clock, it may be, which is
  ///     believed nothing.
  /// - Returns: the time that the ledger's must be raised to; nil if it is not behind.
  package func timeToRaise(
    _ time: Int64, over estimate: Int64?, isNewConnection: Bool
  ) -> Int64? {
    guard let estimate, time < estimate else { return nil }
    guard !isNewConnection, simulated == nil, estimate - time <= Self.driftMillisecondsMax else {
      // Later than whatever was issued under the shift before.
      return max(estimate, latestStep.load(ordering: .relaxed) + 1)
    }
    lead.subtract(1, ordering: .relaxed)
    return nil
  }

  /// The most that the paces of two clocks can make between two beats of the feed, with what lies between reading and
  /// rounding.
  private static let driftMillisecondsMax: Int64 = 2

  /// Notes that a step was refused under this shift, in milliseconds: the ledger's time was less than ``leastTime()``.
  package func noteRefusal(underShift shift: Int64) { refusedShift.store(shift, ordering: .relaxed) }

  /// Whether the shift in force is one under which a step was refused. Then a look that finds the time to be right has
  /// only taken longer than the time is behind.
  package func wasRefused(underShift shift: Int64) -> Bool { refusedShift.load(ordering: .relaxed) == shift }

  // MARK: The shift

  /// By how much the ledger's time was ahead of the database's clock at the last answer, in milliseconds.
  package var currentShiftMilliseconds: Int64 { shiftMilliseconds.load(ordering: .relaxed) }

  /// The shifts that tokens carry, and from when on.
  package var shifts: TimeShifts { history.withLock { $0.shifts } }

  /// The shift that a token of that time carries, in whole seconds.
  package func shift(at time: Timestamp) -> Int64 {
    guard currentShiftMilliseconds >= 1000 else { return 0 }
    return history.withLock { $0.shifts.seconds(at: time) }
  }

  /// Takes the shifts over as the database has them.
  ///
  /// - Parameter changes: the rows of `time_shift` by rising time.
  package func learn(shiftMilliseconds: Int64, changes: [(from: Int64, seconds: Int64)]) {
    var shifts = TimeShifts()
    for change in changes where shifts.changes.last.map({ $0.from.milliseconds < change.from }) ?? true {
      shifts.change(to: change.seconds, from: Timestamp(milliseconds: change.from))
    }
    history.withLock { history in
      // Of two answers that overtake each other the higher shift is the later one: it is never lowered.
      guard shiftMilliseconds >= history.shiftMilliseconds else { return }
      history.shifts = shifts
      history.shiftMilliseconds = shiftMilliseconds
      self.shiftMilliseconds.store(shiftMilliseconds, ordering: .relaxed)
    }
  }

  /// The shift that tokens carry under a shift of so many milliseconds: whole seconds, rounded up; 0 for less than one.
  package static func seconds(ofShiftMilliseconds shift: Int64) -> Int64 {
    shift < 1000 ? 0 : shift / 1000 + (shift % 1000 > 0 ? 1 : 0)
  }

  /// By how much the database's own clock was set since the beat before, if that is more than two seconds.
  package func step(ofWallMilliseconds wall: Int64, bootAtReply boot: Int64) -> Int64? {
    let lead = wall &- boot
    let before = history.withLock { history in
      defer { history.wallLead = lead }
      return history.wallLead
    }
    guard let before, abs(lead &- before) > 2000 else { return nil }
    return lead &- before
  }
}
#endif
