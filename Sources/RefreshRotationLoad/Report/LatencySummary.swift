internal import Histogram

/// Milliseconds at some percentiles.
public struct LatencySummary: Sendable, Codable, Equatable {
  public var p50: Double
  public var p90: Double
  public var p99: Double
  public var p999: Double
  public var max: Double

  /// From a histogram of nanoseconds.
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
