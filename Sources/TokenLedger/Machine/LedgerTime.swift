internal import Synchronization

/// The ledger's time, the same for the ledger, its engine and its verifiers: it never stands still and never goes back.
///
/// It is the boot clock plus an offset. The offset is the most that the wall clock was ever ahead of the boot clock, so a wall clock that is set
/// forwards counts at once, and one that is set back changes nothing: durations stay exact. How far this time is ahead of the wall clock
/// then is its *shift*. From any thread; a reading costs two looks at clocks and no lock.
package final class LedgerTime: Sendable {
  package let clock: SessionClock
  /// The ledger's time less the boot clock, in milliseconds; only grows.
  private let offset: Atomic<Int64>

  /// - Parameter highest: the highest time that the log has seen.
  package init(_ clock: SessionClock, notBefore highest: Timestamp) {
    self.clock = clock
    let wall = clock.now()
    let boot = clock.bootMilliseconds()
    offset = Atomic(max(wall, highest).milliseconds.saturatingDifference(boot))
  }

  /// The wall clock is read first: a pause between the two readings makes the offset too small, never too large.
  package func now() -> Timestamp {
    let wall = clock.now().milliseconds
    let boot = clock.bootMilliseconds()
    let offset = offset.max(wall.saturatingDifference(boot), ordering: .relaxed).newValue
    return Self.time(boot: boot, offset: offset)
  }

  /// The same, and at least `floor`, for all who ask from then on.
  package func now(notBefore floor: Timestamp) -> Timestamp {
    let now = now()
    guard now < floor else { return now }
    let boot = clock.bootMilliseconds()
    let floorOffset = floor.milliseconds.saturatingDifference(boot)
    let offset = offset.max(floorOffset, ordering: .relaxed).newValue
    return max(floor, Self.time(boot: boot, offset: offset))
  }

  /// By how many whole seconds `now`, a reading of a moment ago, is ahead of the wall clock: rounded up, and 0 for less than one second.
  ///
  /// The shift that is in force stays while it is right to two seconds and no time less it is in the future: the two clocks do not tick
  /// together, and a value on an edge must not change with every reading. Asked after `now` was read, so that a pause in between makes the
  /// shift too small rather than too large.
  package func shift(of now: Timestamp, inForce: Int64) -> Int64 {
    let wall = clock.now()
    // A wall clock before 1970 is taken for one in the first day after: no token can say less. A shift that leads there stays, since one for each
    // second would soon fill the list of them.
    if inForce > 0, wall < .zero, (0..<86_400_000).contains(now.milliseconds - inForce * 1000) { return inForce }
    let ahead = now.millisecondsSince(wall)
    if inForce > 0, ahead > inForce * 1000 - 2000, ahead <= inForce * 1000, ahead > 0 { return inForce }
    guard ahead >= 1000 else { return 0 }
    return min(ahead.saturatingSum(999) / 1000, max(0, now.seconds))
  }

  /// By how much the wall clock is ahead of the boot clock, in milliseconds: it changes where somebody sets the wall clock. Nil where a pause lay
  /// between the readings, which makes them worth nothing.
  package func wallClockLead() -> Int64? {
    let before = clock.bootMilliseconds()
    let wall = clock.now().milliseconds
    guard clock.bootMilliseconds() - before <= 100 else { return nil }
    return wall.saturatingDifference(before)
  }

  private static func time(boot: Int64, offset: Int64) -> Timestamp {
    Timestamp(milliseconds: min(boot.saturatingSum(offset), millisecondsMax))
  }

  /// A clock that reads more is taken for this: a day of milliseconds is left for marks, which are later than what came before them.
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
