internal import Histogram

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
