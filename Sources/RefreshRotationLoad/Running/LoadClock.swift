/// Time since the load began.
struct LoadClock: Sendable {
  private let sinceStart: @Sendable () -> Duration
  private let wait: @Sendable (_ until: Duration, _ tolerance: Duration) async -> Void

  init(_ clock: some Clock<Duration> = ContinuousClock()) {
    let start = clock.now
    sinceStart = { start.duration(to: clock.now) }
    wait = { try? await clock.sleep(until: start.advanced(by: $0), tolerance: $1) }
  }

  var now: Duration { sinceStart() }

  /// Returns early where the task is cancelled.
  func sleep(until time: Duration) async {
    await wait(time, .zero)
  }

  func sleep(for time: Duration) async {
    await wait(now + time, .milliseconds(1))
  }
}
