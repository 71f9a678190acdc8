import Synchronization
import TokenLedger

/// The system's clock, or one moment that stands still until it is moved.
final class MovableClock: Sendable {
  private let moment = Mutex<Timestamp?>(nil)

  var sessionClock: SessionClock {
    SessionClock { self.moment.withLock { $0 } ?? SessionClock.system.now() }
  }

  func stand(at time: Timestamp) { moment.withLock { $0 = time } }
}
