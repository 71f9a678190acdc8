internal import Histogram

/// What callers counted.
struct Tally: Sendable {
  var rotations = 0
  /// Of an open loop: requests that were due and had no session to go out with.
  var skipped = 0
  var errors: [ErrorKind: Int] = [:]
  /// What the first error of each kind was.
  var firstErrors: [ErrorKind: String] = [:]
  /// Consumed tokens that were presented again.
  var reuses = 0
  var reusesRefused = 0
  var reusesAnswered = 0
  var races = 0
  var losses = 0
  var lossesRecovered = 0
  /// Sessions that were refused and that broke nothing: after a reuse, a race, a lost reply, or at their end.
  var sessionsEnded = 0
  var violations = 0
  /// What is to be said of the first token that was given for a start and was not good.
  var refusedStart: String?
  /// When the server last answered anything.
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

/// What happened in one piece of the load's time.
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

  /// Of nanoseconds up to two minutes; what is longer counts as that.
  static func histogram() -> Histogram<UInt32> {
    Histogram(highestTrackableValue: UInt64(nanosecondsMax), numberOfSignificantValueDigits: .two)
  }

  static let nanosecondsMax: Int64 = 120_000_000_000

  /// The shortest of these that cuts `duration` into few enough pieces for a chart.
  static func length(for duration: Duration) -> Duration {
    let lengths: [Duration] = [
      .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(5), .seconds(10),
      .seconds(30), .seconds(60), .seconds(120), .seconds(300),
    ]
    return lengths.first { duration / $0 <= 240 } ?? .seconds(600)
  }
}
