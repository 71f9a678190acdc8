internal import Histogram

/// What one caller counted.
struct Tally: Sendable {
  var rotations = 0
  var errors = 0
  var violations = 0
  var latency = Histogram<UInt32>(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .two)

  mutating func add(_ other: Tally) {
    rotations += other.rotations
    errors += other.errors
    violations += other.violations
    latency.add(other.latency)
  }
}
