internal import Histogram

/// The counts of the callers.
struct Tally: Sendable {
  var rotations = 0
  /// The number of requests in an open loop that were due and had no session.
  var skipped = 0
  var errors: [ErrorKind: Int] = [:]
  /// The description of the first error of each kind.
  var firstErrors: [ErrorKind: String] = [:]
  /// The number of consumed tokens that were presented again.
  var reuses = 0
  var reusesRefused = 0
  var reusesAnswered = 0
  var races = 0
  var losses = 0
  var lossesRecovered = 0
  /// The number of sessions that were refused without a violation: after a reuse, a race, a lost reply, or at their
  /// end.
  var sessionsEnded = 0
  var violations = 0
  /// The message about the first given token that was not good.
  var refusedStart: String?
  /// The time of the server's last answer of any kind.
  var lastAnswer = Duration.zero

  mutating func count(_ failure: TargetError) {
    guard let kind = failure.kind else { return }
    errors[kind, default: 0] += 1
    if firstErrors[kind] == nil { firstErrors[kind] = failure.description }
  }

  var errorCount: Int { errors.values.reduce(0, +) }

  mutating func add(_ other: Tally) {
    rotations += other.rotations
    skipped += other.skipped
    if !other.errors.isEmpty {
      errors.merge(other.errors, uniquingKeysWith: +)
      firstErrors.merge(other.firstErrors) { first, _ in first }
    }
    reuses += other.reuses
    reusesRefused += other.reusesRefused
    reusesAnswered += other.reusesAnswered
    races += other.races
    losses += other.losses
    lossesRecovered += other.lossesRecovered
    sessionsEnded += other.sessionsEnded
    violations += other.violations
    refusedStart = refusedStart ?? other.refusedStart
    lastAnswer = max(lastAnswer, other.lastAnswer)
  }
}

/// The counts of one interval of the load.
struct LoadInterval: Sendable {
  var rotations = 0
  var errors = 0
  var violations = 0
  var latency = LoadInterval.histogram()

  mutating func add(_ other: LoadInterval) {
    rotations += other.rotations
    errors += other.errors
    violations += other.violations
    latency.add(other.latency)
  }

  /// Returns a histogram of nanoseconds up to two minutes; longer times count as two minutes.
  static func histogram() -> Histogram<UInt32> {
    Histogram(highestTrackableValue: UInt64(nanosecondsMax), numberOfSignificantValueDigits: .two)
  }

  static let nanosecondsMax: Int64 = 120_000_000_000

  /// Returns the shortest of some lengths that divides `duration` into few enough intervals for a chart.
  static func length(for duration: Duration) -> Duration {
    let lengths: [Duration] = [
      .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(5), .seconds(10),
      .seconds(30), .seconds(60), .seconds(120), .seconds(300),
    ]
    return lengths.first { duration / $0 <= 240 } ?? .seconds(600)
  }
}
