/// The time since the program first asked, which no change of the wall clock moves.
enum MonotonicTime {
  private static let origin = ContinuousClock.now

  /// Never negative: the origin is made before the reading, also at the first call.
  @Sendable static func now() -> Duration {
    let start = origin
    return ContinuousClock.now - start
  }
}
