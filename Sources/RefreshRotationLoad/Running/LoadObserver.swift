internal import Histogram

/// Who watches a load while it runs. The closures are called from any task.
public struct LoadObserver: Sendable {
  /// How many of the sessions there are.
  public var onOpened: @Sendable (_ opened: Int, _ total: Int) -> Void
  /// A few times a second.
  public var onProgress: @Sendable (LoadProgress) -> Void
  /// The first hundred.
  public var onViolation: @Sendable (LoadViolation) -> Void

  public init(
    onOpened: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
    onProgress: @escaping @Sendable (LoadProgress) -> Void = { _ in },
    onViolation: @escaping @Sendable (LoadViolation) -> Void = { _ in }
  ) {
    self.onOpened = onOpened
    self.onProgress = onProgress
    self.onViolation = onViolation
  }
}

/// How a load stands.
public struct LoadProgress: Sendable {
  public var elapsed: Duration
  public var duration: Duration
  public var sessions: Int
  public var rotations: Int
  public var errors: Int
  public var violations: Int
  /// Rotations a second in the last intervals that are over, oldest first.
  public var rates: [Double]
  /// Of about the last second.
  public var latency: LatencySummary

  private static let ratesMax = 48

  init(_ state: borrowing LoadCollector.State, elapsed: Duration, options: LoadOptions, intervalLength: Duration) {
    self.elapsed = elapsed
    duration = options.duration
    sessions = options.sessions
    rotations = state.total.rotations
    errors = state.total.errorCount
    violations = state.total.violations
    let over = state.intervals.prefix(Int(elapsed / intervalLength))
    rates = over.suffix(Self.ratesMax).map { Double($0.rotations) / intervalLength.inSeconds }
    var recent = LoadInterval.histogram()
    for interval in over.suffix(max(1, Int(Duration.seconds(1) / intervalLength))) { recent.add(interval.latency) }
    latency = LatencySummary(recent)
  }

  /// Rotations a second of about the last second.
  public var rate: Double {
    let recent = rates.suffix(4)
    return recent.isEmpty ? 0 : recent.reduce(0, +) / Double(recent.count)
  }
}
