internal import Synchronization
public import TokenLedger

/// A machine's clocks, which move only when told to.
///
/// They can be used from any thread.
///
/// Time passes for all of them with ``advance(milliseconds:)``. ``step(milliseconds:)`` sets the wall clock, forwards
/// or back: the boot clock continues as before, and so does the ledger's time after a step back.
public final class ManualClock: Sendable {
  /// One of the two clocks that a ``sessionClock`` reads.
  package enum Reading: Sendable {
    case wall
    case boot
  }

  private struct State {
    var wall: Timestamp
    var boot: Int64
    /// The fixed time of the wall clock, or nil if it runs.
    var stuckWall: Timestamp?
    /// The time that has passed in total, in milliseconds; no reboot resets it.
    var passed: Int64 = 0
    var sleepers: [Sleeper] = []
    var endsSleep = false
    /// The time that passes right after the next reading of this clock.
    var pause: (after: Reading, milliseconds: Int64)?
    var onReading: (@Sendable (Reading, Int64) -> Void)?
  }

  private struct Sleeper {
    let until: Stopwatch.Instant
    let wake: @Sendable () -> Void
  }

  private let state: Mutex<State>

  /// Creates clocks at a time, by default 2026-01-01T00:00:00Z.
  public convenience init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    self.init(start, bootMilliseconds: 1_000_000)
  }

  package init(_ start: Timestamp, bootMilliseconds: Int64) {
    state = Mutex(State(wall: start, boot: bootMilliseconds))
  }

  /// The time of the wall clock.
  public var now: Timestamp { state.withLock { $0.stuckWall ?? $0.wall } }

  /// The milliseconds of the boot clock.
  package var bootMilliseconds: Int64 { state.withLock { $0.boot } }

  /// Lets time pass, to the millisecond; the number must not be negative.
  public func advance(milliseconds: Int64) {
    precondition(milliseconds >= 0, "time does not go back: step(milliseconds:) sets the wall clock")
    let woken = state.withLock { state in
      Self.advance(&state, milliseconds)
      return Self.takeDue(&state)
    }
    for sleeper in woken { sleeper.wake() }
  }

  /// Sets the wall clock, back for a negative number.
  public func step(milliseconds: Int64) {
    state.withLock { $0.wall = $0.wall.advanced(byMilliseconds: milliseconds) }
  }

  /// The clocks in the form that the ledger and the engine use.
  public var sessionClock: SessionClock {
    SessionClock(
      wall: { Timestamp(milliseconds: self.read(.wall)) }, bootMilliseconds: { self.read(.boot) })
  }

  private func read(_ clock: Reading) -> Int64 {
    let (read, pause, onReading) = state.withLock { state in
      let read = clock == .wall ? (state.stuckWall ?? state.wall).milliseconds : state.boot
      guard let pause = state.pause, pause.after == clock else { return (read, Int64(0), state.onReading) }
      state.pause = nil
      return (read, pause.milliseconds, state.onReading)
    }
    if pause > 0 { advance(milliseconds: pause) }
    onReading?(clock, read)
    return read
  }

  private static func advance(_ state: inout State, _ milliseconds: Int64) {
    state.wall = state.wall.advanced(byMilliseconds: milliseconds)
    state.boot += milliseconds
    state.passed += milliseconds
  }

  private static func takeDue(_ state: inout State) -> [Sleeper] {
    guard !state.sleepers.isEmpty else { return [] }
    let now = Stopwatch.Instant(offset: .milliseconds(state.passed))
    let due = state.sleepers.filter { state.endsSleep || $0.until <= now }
    state.sleepers.removeAll { state.endsSleep || $0.until <= now }
    return due
  }
}

// MARK: - Events of clocks

extension ManualClock {
  /// Reboots the machine: the boot clock begins anew, and the wall clock continues.
  package func reboot() {
    state.withLock { $0.boot = 0 }
  }

  /// Delays the next reader of this clock right after its reading.
  package func pause(after reading: Reading, milliseconds: Int64) {
    state.withLock { $0.pause = (reading, milliseconds) }
  }

  /// Fixes the wall clock at a time, whatever passes; nil lets it run again.
  package func stickWall(at time: Timestamp?) {
    state.withLock { $0.stuckWall = time }
  }

  /// Sets a closure that is called after each reading of a ``sessionClock`` with the value read.
  ///
  /// The closure can move the clock, which then happens between two readings.
  package func setOnReading(_ action: (@Sendable (Reading, Int64) -> Void)?) {
    state.withLock { $0.onReading = action }
  }
}

// MARK: - Sleeping

extension ManualClock {
  /// A stopwatch of the passing time, for sleeping and measuring; nobody can set it, and no reboot resets it.
  package struct Stopwatch: Clock {
    package struct Instant: InstantProtocol {
      package let offset: Duration

      package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
      package func duration(to other: Instant) -> Duration { other.offset - offset }
      package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    fileprivate let clock: ManualClock

    package var now: Instant { Instant(offset: .milliseconds(clock.state.withLock { $0.passed })) }
    package var minimumResolution: Duration { .milliseconds(1) }

    /// Sleeps until a deadline, even if the task is cancelled before.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
      await withCheckedContinuation { continuation in
        let isOver = clock.state.withLock { state in
          if state.endsSleep || deadline <= Instant(offset: .milliseconds(state.passed)) { return true }
          state.sleepers.append(Sleeper(until: deadline, wake: { continuation.resume() }))
          return false
        }
        if isOver { continuation.resume() }
      }
      if clock.state.withLock({ $0.endsSleep }) { throw CancellationError() }
      try Task.checkCancellation()
    }
  }

  package var stopwatch: Stopwatch { Stopwatch(clock: self) }

  /// The clocks in the form in which those use them who also wait.
  ///
  /// A wait ends when the time has passed, or when its task is cancelled.
  package var pacedClock: PacedClock {
    PacedClock(sessionClock) { duration in
      let cancelled = CancelledWait()
      try await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isOver = self.state.withLock { state in
            let until = Stopwatch.Instant(offset: .milliseconds(state.passed) + duration)
            if state.endsSleep || duration <= .zero || !cancelled.begin(continuation) { return true }
            state.sleepers.append(Sleeper(until: until, wake: { cancelled.end() }))
            return false
          }
          if isOver { continuation.resume() }
        }
        try Task.checkCancellation()
      } onCancel: {
        cancelled.end()
      }
    }
  }

  /// The number of tasks that sleep now.
  package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// Advances to the moment at which the next sleeper wakes.
  ///
  /// Returns false if nobody sleeps.
  package func advanceToNextSleeper() -> Bool {
    let next: Int64? = state.withLock { state in
      state.sleepers.map(\.until.offset).min().map { max(0, $0.wholeMillisecondsRoundedUp - state.passed) }
    }
    guard let next else { return false }
    advance(milliseconds: next)
    return true
  }

  /// Ends all sleeping: present and later sleepers are told that they were cancelled.
  package func endSleep() {
    let woken = state.withLock { state in
      state.endsSleep = true
      return Self.takeDue(&state)
    }
    for sleeper in woken { sleeper.wake() }
  }
}

/// A wait that ends once, by time or by cancellation, whichever comes first.
private final class CancelledWait: Sendable {
  private let state = Mutex<(continuation: CheckedContinuation<Void, Never>?, isOver: Bool)>((nil, false))

  /// Returns false if the wait is over before it has begun.
  func begin(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
    state.withLock { state in
      guard !state.isOver else { return false }
      state.continuation = continuation
      return true
    }
  }

  func end() {
    let continuation = state.withLock { state in
      defer { state = (nil, true) }
      return state.continuation
    }
    continuation?.resume()
  }
}

extension Duration {
  fileprivate var wholeMillisecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}
