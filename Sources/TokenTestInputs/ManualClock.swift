internal import Synchronization
public import TokenLedger

/// A machine's clocks, which move only when they are told to. From any thread.
///
/// Time passes for all of them with ``advance(milliseconds:)``. With ``step(milliseconds:)`` somebody sets the wall clock, forwards or back: the
/// boot clock goes on as it was, and so does the ledger's time after a step back.
public final class ManualClock: Sendable {
  /// One of the two clocks that a ``sessionClock`` reads.
  package enum Reading: Sendable {
    case wall
    case boot
  }

  private struct State {
    var wall: Timestamp
    var boot: Int64
    /// What the wall clock says instead of what it should.
    var stuckWall: Timestamp?
    /// All the time that has passed, in milliseconds; no reboot begins it anew.
    var passed: Int64 = 0
    var sleepers: [Sleeper] = []
    var endsSleep = false
    /// How much time passes right after the next reading of this clock.
    var pause: (after: Reading, milliseconds: Int64)?
    var onReading: (@Sendable (Reading, Int64) -> Void)?
  }

  private struct Sleeper {
    let until: Stopwatch.Instant
    let continuation: CheckedContinuation<Void, Never>
  }

  private let state: Mutex<State>

  /// 2026-01-01T00:00:00Z unless said otherwise.
  public convenience init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    self.init(start, bootMilliseconds: 1_000_000)
  }

  package init(_ start: Timestamp, bootMilliseconds: Int64) {
    state = Mutex(State(wall: start, boot: bootMilliseconds))
  }

  /// The wall clock.
  public var now: Timestamp { state.withLock { $0.stuckWall ?? $0.wall } }

  /// The boot clock.
  package var bootMilliseconds: Int64 { state.withLock { $0.boot } }

  /// Lets time pass, to the millisecond; not for a negative number.
  public func advance(milliseconds: Int64) {
    precondition(milliseconds >= 0, "time does not go back: step(milliseconds:) sets the wall clock")
    let woken = state.withLock { state in
      Self.advance(&state, milliseconds)
      return Self.takeDue(&state)
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Sets the wall clock, back for a negative number.
  public func step(milliseconds: Int64) {
    state.withLock { $0.wall = $0.wall.advanced(byMilliseconds: milliseconds) }
  }

  /// The clocks as the ledger and the engine take them.
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

// MARK: - What happens to clocks

extension ManualClock {
  /// The machine boots: the boot clock begins anew, the wall clock goes on.
  package func reboot() {
    state.withLock { $0.boot = 0 }
  }

  /// The next reader of this clock is held up for so long, right after its reading.
  package func pause(after reading: Reading, milliseconds: Int64) {
    state.withLock { $0.pause = (reading, milliseconds) }
  }

  /// The wall clock says this, whatever passes; nil for what it should.
  package func stickWall(at time: Timestamp?) {
    state.withLock { $0.stuckWall = time }
  }

  /// Told of each reading of a ``sessionClock`` after it, with what was read. It may move the clock: that is what happens between two readings.
  package func setOnReading(_ action: (@Sendable (Reading, Int64) -> Void)?) {
    state.withLock { $0.onReading = action }
  }
}

// MARK: - Sleeping

extension ManualClock {
  /// The time that passes, for whoever sleeps and measures; nobody can set it, and no reboot begins it anew.
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

    /// Does not end early when the task is cancelled.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
      await withCheckedContinuation { continuation in
        let isOver = clock.state.withLock { state in
          if state.endsSleep || deadline <= Instant(offset: .milliseconds(state.passed)) { return true }
          state.sleepers.append(Sleeper(until: deadline, continuation: continuation))
          return false
        }
        if isOver { continuation.resume() }
      }
      if clock.state.withLock({ $0.endsSleep }) { throw CancellationError() }
      try Task.checkCancellation()
    }
  }

  package var stopwatch: Stopwatch { Stopwatch(clock: self) }

  /// Tasks that sleep now.
  package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// Goes to the moment at which the next sleeper wakes; false if nobody sleeps.
  package func advanceToNextSleeper() -> Bool {
    let next: Int64? = state.withLock { state in
      state.sleepers.map(\.until.offset).min().map { max(0, $0.wholeMillisecondsRoundedUp - state.passed) }
    }
    guard let next else { return false }
    advance(milliseconds: next)
    return true
  }

  /// Nobody sleeps here any more: whoever does or will is told that it was cancelled.
  package func endSleep() {
    let woken = state.withLock { state in
      state.endsSleep = true
      return Self.takeDue(&state)
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }
}

extension Duration {
  fileprivate var wholeMillisecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}
