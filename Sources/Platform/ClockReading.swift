package import Glibc

/// Readings of the machine's clocks.
///
/// They are inlinable, since every request uses them.
package enum ClockReading {
  #if os(Linux)
  @usableFromInline static let bootClock = CLOCK_BOOTTIME
  #else
  /// The clock that continues while the machine sleeps.
  @usableFromInline static let bootClock = CLOCK_MONOTONIC
  #endif

  /// Returns the milliseconds since 1970, by the clock that people can set.
  @inlinable package static func wallMilliseconds() -> Int64 { milliseconds(of: CLOCK_REALTIME) }

  /// Returns the milliseconds since the machine was started, including suspension.
  ///
  /// Nobody can set this clock, and it never goes back.
  @inlinable package static func bootMilliseconds() -> Int64 { milliseconds(of: bootClock) }

  @inlinable static func milliseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
