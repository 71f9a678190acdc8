internal import Platform

/// A clock from which the ledger reads the time.
///
/// It is a value, so that a test or a simulation can move it.
///
/// A clock has two readings. The *wall clock* tells the time of day, and somebody can set it forwards or back. The
/// *boot clock* tells how long the machine has been up, including suspension; nobody can set it, and it never goes
/// back. The ledger's time runs at the pace of the boot clock and is never behind the wall clock (docs/semantics.md,
/// "Time").
public struct SessionClock: Sendable {
  private let wall: @Sendable () -> Timestamp
  private let boot: @Sendable () -> Int64

  /// Creates a clock from its two readings.
  ///
  /// - Parameters:
  ///   - wall: The time of day.
  ///   - bootMilliseconds: The milliseconds since some moment that stays the same while the process lives. A call must
  ///     never return less than an earlier one.
  public init(wall: @escaping @Sendable () -> Timestamp, bootMilliseconds: @escaping @Sendable () -> Int64) {
    self.wall = wall
    boot = bootMilliseconds
  }

  /// Creates a clock that uses one reading for both, which must never go back.
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

/// A clock that can also be waited for, so that what is tried again after a time can be tried in a simulation.
public struct PacedClock: Sendable {
  public let clock: SessionClock
  private let pause: @Sendable (Duration) async throws -> Void

  /// Creates a clock that waits with `pause`, which returns after the duration, as `clock` measures it, and throws if
  /// the task is cancelled.
  public init(_ clock: SessionClock, pause: @escaping @Sendable (Duration) async throws -> Void) {
    self.clock = clock
    self.pause = pause
  }

  /// The clocks of the machine.
  public static let system = PacedClock(.system) { try await Task.sleep(for: $0, clock: .continuous) }

  /// Waits, and throws only if the task is cancelled.
  public func sleep(for duration: Duration) async throws(CancellationError) {
    do { try await pause(duration) } catch { throw CancellationError() }
  }

  public func now() -> Timestamp { clock.now() }

  /// The time since an earlier reading of the boot clock.
  package func elapsed(sinceBoot milliseconds: Int64) -> Duration {
    .milliseconds(clock.bootMilliseconds() - milliseconds)
  }
}
