internal import Histogram

/// The course of a run over time, with one value for each interval.
public struct LoadSeries: Sendable, Codable, Equatable {
  public var intervalSeconds: Double
  public var rotations: [Int]
  public var errors: [Int]
  public var violations: [Int]
  /// The latencies in milliseconds, 0 if nothing was rotated.
  public var p50: [Double]
  public var p90: [Double]
  public var p99: [Double]
  public var max: [Double]
  /// The upper bounds of the rows of `heat`, in milliseconds.
  public var heatBounds: [Double]
  /// The number of rotations in each row, for each interval.
  public var heat: [[Int]]

  enum CodingKeys: String, CodingKey {
    case rotations, errors, violations, heat
    case intervalSeconds = "interval_seconds"
    case p50 = "p50_ms"
    case p90 = "p90_ms"
    case p99 = "p99_ms"
    case max = "max_ms"
    case heatBounds = "heat_bounds_ms"
  }

  /// The number of rows for each doubling of the latency.
  private static let rowsPerDoubling = 4.0
  private static let rowsMax = 96

  init(_ intervals: [LoadInterval], length: Duration) {
    let summaries = intervals.map { LatencySummary($0.latency) }
    intervalSeconds = length.inSeconds
    rotations = intervals.map(\.rotations)
    errors = intervals.map(\.errors)
    violations = intervals.map(\.violations)
    p50 = summaries.map { Decimals.round($0.p50) }
    p90 = summaries.map { Decimals.round($0.p90) }
    p99 = summaries.map { Decimals.round($0.p99) }
    max = summaries.map { Decimals.round($0.max) }
    let recorded = intervals.map(\.latency).filter { $0.totalCount > 0 }
    let least = recorded.map(\.min).min().map { Swift.max($0, 1) } ?? 1
    let most = recorded.map(\.maxRecorded).max() ?? 1
    let first = Self.row(least)
    let count = Swift.min(Self.row(most) - first + 1, Self.rowsMax)
    heatBounds = (0..<count).map { row in
      Decimals.round(Decimals.power(2, Double(first + row + 1) / Self.rowsPerDoubling) / 1_000_000)
    }
    heat = intervals.map { interval in
      var cells = [Int](repeating: 0, count: count)
      for value in interval.latency.recordedValues() {
        cells[Swift.min(Swift.max(Self.row(value.value) - first, 0), count - 1)] += Int(value.count)
      }
      return cells
    }
  }

  private static func row(_ nanoseconds: UInt64) -> Int {
    Int((Decimals.logarithm(Double(Swift.max(nanoseconds, 1)), base: 2) * rowsPerDoubling).rounded(.down))
  }
}
