internal import Synchronization
package import TokenLedger

/// A clock that moves only when it is told to, also backwards.
package final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  /// 2026-01-01T00:00:00Z unless said otherwise.
  package init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    time = Mutex(start)
  }

  package var now: Timestamp { time.withLock { $0 } }

  package func advance(milliseconds: Int64) {
    time.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
  }

  /// The clock as the ledger and the engine take it.
  package var sessionClock: SessionClock {
    SessionClock { self.now }
  }
}
