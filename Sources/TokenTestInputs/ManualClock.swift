internal import Synchronization
public import TokenLedger

/// A machine's clocks, which move only when they are told to. From any thread.
///
/// Time passes for both with ``advance(milliseconds:)``. With ``step(milliseconds:)`` somebody sets the wall clock, forwards or back: the boot clock goes
/// on as it was, and so does the ledger's time after a step back.
public final class ManualClock: Sendable {
  private struct State {
    var wall: Timestamp
    var boot: Int64 = 1_000_000
    /// How much time passes between the next reading of the wall clock and the one of the boot clock after it.
    var pause: Int64 = 0
  }

  private let state: Mutex<State>

  /// 2026-01-01T00:00:00Z unless said otherwise.
  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    state = Mutex(State(wall: start))
  }

  /// The wall clock.
  public var now: Timestamp { state.withLock { $0.wall } }

  /// Lets time pass, to the millisecond; not for a negative number.
  public func advance(milliseconds: Int64) {
    precondition(milliseconds >= 0, "time does not go back: step(milliseconds:) sets the wall clock")
    state.withLock { state in
      state.wall = state.wall.advanced(byMilliseconds: milliseconds)
      state.boot += milliseconds
    }
  }

  /// Sets the wall clock, back for a negative number.
  public func step(milliseconds: Int64) {
    state.withLock { $0.wall = $0.wall.advanced(byMilliseconds: milliseconds) }
  }

  /// The machine boots: the boot clock begins anew, the wall clock goes on.
  package func reboot() {
    state.withLock { $0.boot = 0 }
  }

  /// The next reader of both clocks is held up between the two for so long.
  package func pauseBetweenReadings(milliseconds: Int64) {
    state.withLock { $0.pause = milliseconds }
  }

  /// The clocks as the ledger and the engine take them.
  public var sessionClock: SessionClock {
    SessionClock(
      wall: {
        self.state.withLock { state in
          defer {
            state.wall = state.wall.advanced(byMilliseconds: state.pause)
            state.boot += state.pause
            state.pause = 0
          }
          return state.wall
        }
      },
      bootMilliseconds: { self.state.withLock { $0.boot } })
  }
}
