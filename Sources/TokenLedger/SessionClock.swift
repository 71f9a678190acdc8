internal import Platform

/// Where the ledger asks for the time; a value, so that a test or a simulation can move it.
///
/// It has two readings. The *wall clock* says what time it is, and somebody may set it, forwards or back. The *boot clock* says how long the
/// machine has been up, suspend included; nobody can set it, and it never goes back. The ledger's time goes at the pace of the second and is
/// never behind the first (docs/semantics.md, "Time").
public struct SessionClock: Sendable {
  private let wall: @Sendable () -> Timestamp
  private let boot: @Sendable () -> Int64

  /// - Parameters:
  ///   - wall: the time of day.
  ///   - bootMilliseconds: milliseconds since some moment that stays the same while the process lives; never less than at an earlier call.
  public init(wall: @escaping @Sendable () -> Timestamp, bootMilliseconds: @escaping @Sendable () -> Int64) {
    self.wall = wall
    boot = bootMilliseconds
  }

  /// One clock for both readings, which must never go back.
  public init(_ read: @escaping @Sendable () -> Timestamp) {
    self.init(wall: read, bootMilliseconds: { read().milliseconds })
  }

  /// The wall clock.
  public func now() -> Timestamp { wall() }

  /// Milliseconds of the boot clock.
  public func bootMilliseconds() -> Int64 { boot() }

  /// The machine's clocks.
  public static let system = SessionClock(
    wall: { Timestamp(milliseconds: ClockReading.wallMilliseconds()) },
    bootMilliseconds: { ClockReading.bootMilliseconds() })
}
