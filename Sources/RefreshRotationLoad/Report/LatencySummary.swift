internal import Histogram

/// The latencies at some percentiles, in milliseconds.
public struct LatencySummary: Sendable, Codable, Equatable {
  public var p50: Double
  public var p90: Double
  public var p99: Double
  public var p999: Double
  public var max: Double

  /// Creates a summary from a histogram of nanoseconds.
  init(_ nanoseconds: Histogram<UInt32>) {
    func milliseconds(_ percentile: Double) -> Double {
      guard nanoseconds.totalCount > 0 else { return 0 }
      return Double(nanoseconds.valueAtPercentile(percentile)) / 1_000_000
    }
    p50 = milliseconds(50)
    p90 = milliseconds(90)
    p99 = milliseconds(99)
    p999 = milliseconds(99.9)
    max = milliseconds(100)
  }
}

/// The distribution of latencies: values with the share that is at or below each, as fine as the number of values
/// allows.
public struct LatencyDistribution: Sendable, Codable, Equatable {
  /// The percentiles, 0 to 100.
  public var percentiles: [Double]
  public var milliseconds: [Double]
  public var count: Int

  private static let pointsPerHalving = 5.0

  /// Creates a distribution from a histogram of nanoseconds.
  init(_ nanoseconds: Histogram<UInt32>) {
    count = Int(nanoseconds.totalCount)
    percentiles = []
    milliseconds = []
    guard count > 0 else { return }
    // The steps halve the rest again and again: 0, 12.9, 24.2, … 50, … 75, … up to the last value.
    var halvings = 0.0
    while true {
      let left = Decimals.power(0.5, halvings)
      guard left * Double(count) > 1 else { break }
      append(100 * (1 - left), nanoseconds)
      halvings += 1 / Self.pointsPerHalving
    }
    append(100, nanoseconds)
  }

  private mutating func append(_ percentile: Double, _ nanoseconds: Histogram<UInt32>) {
    percentiles.append((percentile * 1_000_000).rounded() / 1_000_000)
    milliseconds.append(Decimals.round(Double(nanoseconds.valueAtPercentile(percentile)) / 1_000_000))
  }
}
