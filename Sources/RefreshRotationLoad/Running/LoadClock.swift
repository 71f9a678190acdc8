/// A clock with the time since the load began.
struct LoadClock: Sendable {
  private let sinceStart: @Sendable () -> Duration
  private let wait: @Sendable (_ until: Duration, _ tolerance: Duration) async -> Void

  init(_ clock: some Clock<Duration> = ContinuousClock()) {
    let start = clock.now
    sinceStart = { start.duration(to: clock.now) }
    wait = { try? await clock.sleep(until: start.advanced(by: $0), tolerance: $1) }
  }

  var now: Duration { sinceStart() }

  /// Sleeps until a time, or until the task is cancelled.
  func sleep(until time: Duration) async {
    await wait(time, .zero)
  }

  func sleep(for time: Duration) async {
    await wait(now + time, .milliseconds(1))
  }
}

/// The schedule of the requests in an open loop, which does not depend on the server.
struct ArrivalSchedule: Sendable {
  /// The requests a second after the ramp, in which they grow evenly from zero.
  let rate: Double
  let rampUp: Duration

  /// Returns the time since the start at which a request is due.
  func due(_ index: Int) -> Duration {
    let ramp = rampUp.inSeconds
    let inRamp = rate * ramp / 2
    let position = Double(index)
    let seconds = position < inRamp ? (2 * position * ramp / rate).squareRoot() : ramp / 2 + position / rate
    return .nanoseconds(Int64(seconds * 1_000_000_000))
  }
}

extension Duration {
  /// The duration in whole nanoseconds, rounded down.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  var inSeconds: Double { self / .seconds(1) }
}
