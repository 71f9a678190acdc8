/// The time that passes by itself, for whoever sleeps; it jumps to the next waking when nothing else goes on.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedStopwatch: Clock, @unchecked Sendable {
  struct Instant: InstantProtocol {
    let offset: Duration

    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct Sleeper {
    let until: Instant
    let continuation: UnsafeContinuation<Void, Never>
  }

  private(set) var now = Instant(offset: .zero)
  private var sleepers: [Sleeper] = []
  private var isOver = false

  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    guard !isOver else { throw CancellationError() }
    if deadline > now {
      await withUnsafeContinuation { continuation in
        // It may have ended while this task changed its executor.
        guard !isOver else { return continuation.resume() }
        sleepers.append(Sleeper(until: deadline, continuation: continuation))
      }
    }
    if isOver { throw CancellationError() }
    try Task.checkCancellation()
  }

  func advance(by duration: Duration) {
    now = now.advanced(by: duration)
    wake { $0.until <= now }
  }

  /// Goes to the moment at which the next sleeper wakes; false if nobody sleeps.
  func advanceToNext() -> Bool {
    guard let next = sleepers.map(\.until).min() else { return false }
    now = max(now, next)
    wake { $0.until <= now }
    return true
  }

  /// Nobody sleeps here any more: whoever does or will is told that it was cancelled.
  func end() {
    isOver = true
    wake { _ in true }
  }

  private func wake(_ isDue: (Sleeper) -> Bool) {
    let due = sleepers.filter(isDue)
    sleepers.removeAll(where: isDue)
    for sleeper in due { sleeper.continuation.resume() }
  }
}
