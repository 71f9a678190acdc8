#if Postgres
/// Tells by a regular beat whether the process stood still a moment ago: stopped, or on a machine that was.
///
/// A reply that is read just after that can have been sent long before.
struct Standstill<Instant: InstantProtocol> where Instant.Duration == Duration {
  private var lastBeat: Instant
  /// Until when what was sent meanwhile is taken to be read.
  private var readingEnd: Instant?

  init(at now: Instant) { lastBeat = now }

  /// To be called many times within ``Attempt/patience``.
  mutating func beat(at now: Instant) {
    if lastBeat.advanced(by: Attempt.patience) < now { readingEnd = now.advanced(by: Attempt.patience) }
    lastBeat = now
  }

  /// Returns true if a standstill ended less than ``Attempt/patience`` ago, or ends now: no beat has noticed it.
  func hasJustEnded(at now: Instant) -> Bool {
    if lastBeat.advanced(by: Attempt.patience) < now { return true }
    return readingEnd.map { now < $0 } ?? false
  }
}
#endif
