internal import Histogram

/// An observer of a running load.
///
/// The closures can be called from any task.
public struct LoadObserver: Sendable {
  /// A closure that is called with the number of opened sessions.
  public var onOpened: @Sendable (_ opened: Int, _ total: Int) -> Void
  /// A closure that is called a few times a second.
  public var onProgress: @Sendable (LoadProgress) -> Void
  /// A closure that is called for the first hundred violations.
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

/// The progress of a load.
public struct LoadProgress: Sendable {
  public var elapsed: Duration
  public var duration: Duration
  public var sessions: Int
  public var rotations: Int
  public var errors: Int
  public var violations: Int
  /// The rotations a second in the last completed intervals, the oldest first.
  public var rates: [Double]
  /// The latencies of about the last second.
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

  /// The rotations a second of about the last second.
  public var rate: Double {
    let recent = rates.suffix(4)
    return recent.isEmpty ? 0 : recent.reduce(0, +) / Double(recent.count)
  }
}
