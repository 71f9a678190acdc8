#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where the ledger asks for the time; a value, so that a test or a simulation can move it.
///
/// The ledger never goes back: it takes the highest of this clock and of every time its log has seen.
public struct SessionClock: Sendable {
  private let read: @Sendable () -> Timestamp

  public init(_ read: @escaping @Sendable () -> Timestamp) {
    self.read = read
  }

  public func now() -> Timestamp { read() }

  /// The machine's wall clock.
  public static let system = SessionClock {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return .zero }
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
