internal import Synchronization

/// The time that a ledger, its engine and its verifiers share.
///
/// This time never stands still and never goes back.
///
/// The time is the boot clock plus an offset. The offset is the most by which the wall clock was ever ahead of the boot
/// clock. A wall clock that is set forwards therefore counts at once, and one that is set back changes nothing:
/// durations stay exact. The number of seconds by which this time is ahead of the wall clock is its *shift*. The time
/// can be read from any thread, at the cost of two clock readings and no lock.
package final class LedgerTime: Sendable {
  package let clock: SessionClock
  /// The ledger's time minus the boot clock, in milliseconds; it only grows.
  private let offset: Atomic<Int64>

  /// Creates a time that begins with that of the wall clock, but not before `highest`, the highest time in the log.
  package init(_ clock: SessionClock, notBefore highest: Timestamp) {
    self.clock = clock
    let wall = clock.now()
    let boot = clock.bootMilliseconds()
    offset = Atomic(max(wall, highest).milliseconds.saturatingDifference(boot))
  }

  /// Returns the current time.
  ///
  /// The wall clock is read first: a pause between the two readings makes the offset too small, never too large.
  package func now() -> Timestamp {
    let wall = clock.now().milliseconds
    let boot = clock.bootMilliseconds()
    let offset = offset.max(wall.saturatingDifference(boot), ordering: .relaxed).newValue
    return Self.time(boot: boot, offset: offset)
  }

  /// Returns the current time, raised to at least `floor` for all later readings.
  package func now(notBefore floor: Timestamp) -> Timestamp {
    let now = now()
    guard now < floor else { return now }
    let boot = clock.bootMilliseconds()
    let floorOffset = floor.milliseconds.saturatingDifference(boot)
    let offset = offset.max(floorOffset, ordering: .relaxed).newValue
    return max(floor, Self.time(boot: boot, offset: offset))
  }

  /// Returns the number of whole seconds by which `now`, a reading of a moment ago, is ahead of the wall clock: rounded
  /// up, and 0 for less than one second.
  ///
  /// The shift in force stays while it is right to two seconds and puts no time into the future: the two clocks do not
  /// tick together, and a value near a boundary must not change with every reading. The wall clock is read after `now`,
  /// so that a pause in between makes the shift too small rather than too large.
  package func shift(of now: Timestamp, inForce: Int64) -> Int64 {
    let wall = clock.now()
    // A wall clock before 1970 counts as one in the first day after it, since no token can express less. A shift that
    // leads there stays: one change for each second would soon fill the list of changes.
    if inForce > 0, wall < .zero, (0..<86_400_000).contains(now.milliseconds - inForce * 1000) { return inForce }
    let ahead = now.millisecondsSince(wall)
    if inForce > 0, ahead > inForce * 1000 - 2000, ahead <= inForce * 1000, ahead > 0 { return inForce }
    guard ahead >= 1000 else { return 0 }
    return min(ahead.saturatingSum(999) / 1000, max(0, now.seconds))
  }

  /// Returns the milliseconds by which the wall clock is ahead of the boot clock, which change if somebody sets the
  /// wall clock.
  ///
  /// Returns nil if a pause between the readings makes them useless.
  package func wallClockLead() -> Int64? {
    let before = clock.bootMilliseconds()
    let wall = clock.now().milliseconds
    guard clock.bootMilliseconds() - before <= 100 else { return nil }
    return wall.saturatingDifference(before)
  }

  private static func time(boot: Int64, offset: Int64) -> Timestamp {
    Timestamp(milliseconds: min(boot.saturatingSum(offset), millisecondsMax))
  }

  /// The upper bound of every clock reading.
  ///
  /// A day is left for marks, which are later than everything before them.
  private static let millisecondsMax = Timestamp.latestMilliseconds - 86_400_000
}

extension Int64 {
  fileprivate func saturatingDifference(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < other ? .min : .max) : difference
  }

  fileprivate func saturatingSum(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
