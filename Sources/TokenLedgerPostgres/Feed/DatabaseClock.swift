#if Postgres
package import RotationModel
internal import Synchronization
package import TokenLedger

/// The ledger's time as an instance knows it without asking: this machine's boot clock plus the most by which the
/// database's time was seen ahead of it.
///
/// The time is never ahead of the database's, and continues at the machine's pace while the database is away.
///
/// The clock can be used from any thread. A reading costs one reading of the boot clock and no lock.
package final class DatabaseClock: Sendable {
  private struct History {
    var shifts = TimeShifts()
    var shiftMilliseconds: Int64 = 0
    /// The milliseconds by which the database's own clock was ahead of the boot clock.
    var wallLead: Int64?
  }

  private let clock: SessionClock
  /// The clock of a test, which replaces the database's; nil in service.
  package let simulated: SessionClock?
  /// The ledger's time minus the boot clock, in milliseconds; ``unknown`` before the first answer.
  private let lead = Atomic<Int64>(DatabaseClock.unknown)
  /// The latest time of any step.
  private let latestStep = Atomic<Int64>(.min)
  /// The latest time that was returned.
  private let latest = Atomic<Int64>(.min)
  /// The shift that was in force at the last answer, in milliseconds.
  private let shiftMilliseconds = Atomic<Int64>(0)
  /// The last shift under which a step was refused, since the ledger's time was behind; ``unknown`` for none.
  private let refusedShift = Atomic<Int64>(DatabaseClock.unknown)
  private let history = Mutex(History())

  private static let unknown = Int64.min / 2
  /// The latest time that a statement gives; only a damaged row can hold a later one.
  static let millisecondsMax: Int64 = 253_402_214_399_999

  /// - Parameter simulated: The clock of a test, which replaces those of the database and the machine.
  package init(simulated: SessionClock? = nil) {
    self.simulated = simulated
    clock = simulated ?? .system
  }

  /// Returns the milliseconds of this machine's boot clock.
  package func bootMilliseconds() -> Int64 { clock.bootMilliseconds() }

  /// Returns the ledger's time, which never goes back.
  ///
  /// Before the first answer of a database it is the machine's own time.
  package func now() -> Timestamp {
    guard let estimate = estimate() else { return clock.now() }
    return Timestamp(milliseconds: latest.max(estimate, ordering: .relaxed).newValue)
  }

  /// Returns the lower bound of the database's ledger time by what this instance has seen of it, or nil before the
  /// first answer.
  ///
  /// The bound is read before a transaction is sent, and the time in the transaction is compared with it: see
  /// ``timeToRaise(_:over:isNewConnection:)``.
  package func estimate() -> Int64? {
    if let simulated {
      // A test's clock and the database's are the same, so the reading counts at once.
      let wall = simulated.now().milliseconds
      let shift = shiftMilliseconds.load(ordering: .relaxed)
      lead.max(wall &+ shift &- simulated.bootMilliseconds(), ordering: .relaxed)
    }
    let lead = lead.load(ordering: .relaxed)
    guard lead > Self.unknown else { return nil }
    return clock.bootMilliseconds() &+ lead
  }

  /// Returns the lower bound of the ledger's time in a step that begins now.
  ///
  /// This bound is less than ``estimate()`` by the difference that the pace of two clocks can cause.
  package func leastTime() -> Int64? {
    estimate().map { simulated == nil ? $0 - Self.driftMillisecondsMax : $0 }
  }

  // MARK: - Answers of the database

  /// Notes the time in a step's answer.
  ///
  /// - Parameters:
  ///   - time: The ledger's time in the answer, in milliseconds.
  ///   - boot: The boot clock after the answer came, in milliseconds. The delay makes the time too small, never too
  ///     large.
  package func note(ledgerMilliseconds time: Int64, bootAtReply boot: Int64) {
    // Both are whole milliseconds: the fraction that the boot clock has passed could make the time too large.
    lead.max(time &- boot &- (simulated == nil ? 1 : 0), ordering: .relaxed)
    latestStep.max(time, ordering: .relaxed)
  }

  /// Returns the time to which the ledger's must be raised, or nil if the database's is not behind what was known
  /// before the transaction was sent.
  ///
  /// The clocks of two machines run at slightly different paces. The fastest of many instances must not drive the
  /// ledger's time away from all others. A small difference on a continuing connection is therefore taken back here, a
  /// millisecond at a time.
  ///
  /// - Parameters:
  ///   - time: The ledger's time in the transaction.
  ///   - estimate: The ``estimate()`` before it was sent.
  ///   - isNewConnection: True for the first transaction on its connection. It can be to another machine, whose clock
  ///     is not trusted.
  /// - Returns: The time to which the ledger's must be raised, or nil if it is not behind.
  package func timeToRaise(
    _ time: Int64, over estimate: Int64?, isNewConnection: Bool
  ) -> Int64? {
    guard let estimate, time < estimate else { return nil }
    guard !isNewConnection, simulated == nil, estimate - time <= Self.driftMillisecondsMax else {
      // The time is later than everything that was issued under the shift before.
      return max(estimate, latestStep.load(ordering: .relaxed) + 1)
    }
    lead.subtract(1, ordering: .relaxed)
    return nil
  }

  /// The most milliseconds that the paces of two clocks can cause between two beats of the feed, including the delay
  /// between readings and the rounding.
  private static let driftMillisecondsMax: Int64 = 2

  /// Notes that a step was refused under this shift, in milliseconds: the ledger's time was less than ``leastTime()``.
  package func noteRefusal(underShift shift: Int64) { refusedShift.store(shift, ordering: .relaxed) }

  /// Returns true if the shift in force is one under which a step was refused.
  ///
  /// A look that finds the time to be right then has only taken longer than the time is behind.
  package func wasRefused(underShift shift: Int64) -> Bool { refusedShift.load(ordering: .relaxed) == shift }

  // MARK: - The shift

  /// The milliseconds by which the ledger's time was ahead of the database's clock at the last answer.
  package var currentShiftMilliseconds: Int64 { shiftMilliseconds.load(ordering: .relaxed) }

  /// The shifts that tokens carry, with the time of each.
  package var shifts: TimeShifts { history.withLock { $0.shifts } }

  /// Returns the shift that a token of that time carries, in whole seconds.
  package func shift(at time: Timestamp) -> Int64 {
    guard currentShiftMilliseconds >= 1000 else { return 0 }
    return history.withLock { $0.shifts.seconds(at: time) }
  }

  /// Adopts the shifts as the database has them.
  ///
  /// - Parameters:
  ///   - shiftMilliseconds: The shift in force. If a greater one is known, the call changes nothing.
  ///   - changes: The rows of `time_shift` in ascending order of time.
  package func learn(shiftMilliseconds: Int64, changes: [(from: Int64, seconds: Int64)]) {
    var shifts = TimeShifts()
    for change in changes where shifts.changes.last.map({ $0.from.milliseconds < change.from }) ?? true {
      shifts.change(to: change.seconds, from: Timestamp(milliseconds: change.from))
    }
    history.withLock { history in
      // Of two answers that overtake each other, the one with the higher shift is the later one, since a shift never
      // decreases.
      guard shiftMilliseconds >= history.shiftMilliseconds else { return }
      history.shifts = shifts
      history.shiftMilliseconds = shiftMilliseconds
      self.shiftMilliseconds.store(shiftMilliseconds, ordering: .relaxed)
    }
  }

  /// Returns the shift that tokens carry for a shift in milliseconds: whole seconds, rounded up; 0 for less than one.
  package static func seconds(ofShiftMilliseconds shift: Int64) -> Int64 {
    shift < 1000 ? 0 : shift / 1000 + (shift % 1000 > 0 ? 1 : 0)
  }

  /// Returns the milliseconds by which the database's own clock was set since the last beat, if more than two seconds.
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
