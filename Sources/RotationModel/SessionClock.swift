internal import Platform

/// A clock from which the ledger reads the time. It is a value, so that a test or a simulation can move it.
///
/// A clock has two readings. The *wall clock* tells the time of day, and somebody can set it forwards or back. The
/// *boot clock* tells how long the machine has been up, including suspension; nobody can set it, and it never goes
/// back. The ledger's time runs at the pace of the boot clock and is never behind the wall clock (docs/semantics.md,
/// "Time").
public struct SessionClock: Sendable {
  private let wall: @Sendable () -> Timestamp
  private let boot: @Sendable () -> Int64

  /// - Parameters:
  ///   - wall: The time of day.
  ///   - bootMilliseconds: The milliseconds since some moment that stays the same while the process lives. A call must
  ///     never return less than an earlier one.
  public init(wall: @escaping @Sendable () -> Timestamp, bootMilliseconds: @escaping @Sendable () -> Int64) {
    self.wall = wall
    boot = bootMilliseconds
  }

  /// Creates a clock that uses one reading for both. The reading must never go back.
  public init(_ read: @escaping @Sendable () -> Timestamp) {
    self.init(wall: read, bootMilliseconds: { read().milliseconds })
  }

  /// Returns the time of the wall clock.
  public func now() -> Timestamp { wall() }

  /// Returns the milliseconds of the boot clock.
  public func bootMilliseconds() -> Int64 { boot() }

  /// The clocks of the machine.
  public static let system = SessionClock(
    wall: { Timestamp(milliseconds: ClockReading.wallMilliseconds()) },
    bootMilliseconds: { ClockReading.bootMilliseconds() })
}
