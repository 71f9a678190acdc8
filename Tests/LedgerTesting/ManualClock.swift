internal import Synchronization
public import TokenLedger

/// A clock that moves only when it is told to, also backwards.
///
/// From any thread. The ledger and the engine never go back with it: they take the highest time that they have seen.
public final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  /// 2026-01-01T00:00:00Z unless said otherwise.
  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    time = Mutex(start)
  }

  public var now: Timestamp { time.withLock { $0 } }

  /// Forwards, or back for a negative number; to the millisecond.
  public func advance(milliseconds: Int64) {
    time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
  }

  /// The clock as the ledger and the engine take it.
  public var sessionClock: SessionClock {
    SessionClock { self.now }
  }
}
