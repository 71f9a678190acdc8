/// Time since the load began.
struct LoadClock: Sendable {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  init() { start = clock.now }

  var now: Duration { clock.now - start }

  /// Returns early where the task is cancelled.
  func sleep(until time: Duration) async {
    try? await clock.sleep(until: start + time, tolerance: .zero)
  }

  func sleep(for time: Duration) async {
    try? await clock.sleep(for: time, tolerance: .milliseconds(1))
  }
}
