/// The time since the program first asked, which no change of the wall clock moves.
enum MonotonicTime {
  private static let origin = ContinuousClock.now

  @Sendable static func now() -> Duration { ContinuousClock.now - origin }
}
