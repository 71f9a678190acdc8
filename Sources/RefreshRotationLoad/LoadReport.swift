internal import Histogram

/// What a run measured. Encoded as the JSON that `load --json` writes.
public struct LoadReport: Sendable, Codable {
  /// Rotations that were granted.
  public var rotations: Int
  /// Seconds from the first request to the last reply.
  public var seconds: Double
  public var rotationsPerSecond: Double
  /// Requests that got no proper answer: overload, a broken connection, a reply that is none.
  public var errors: Int
  public var invariantViolations: Int
  public var latencyMilliseconds: Latency
  public var options: Options
  /// What was put under load.
  public var server: String

  public struct Latency: Sendable, Codable {
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var p999: Double
    public var max: Double
  }

  public struct Options: Sendable, Codable {
    public var sessions: Int
    public var connections: Int
    public var durationSeconds: Double
    public var replayRate: Double
    /// Of the embedded engine; absent for an endpoint.
    public var durability: String?

    enum CodingKeys: String, CodingKey {
      case sessions, connections, durability
      case durationSeconds = "duration_seconds"
      case replayRate = "replay_rate"
    }
  }

  enum CodingKeys: String, CodingKey {
    case rotations, seconds, errors, options, server
    case rotationsPerSecond = "rotations_per_second"
    case invariantViolations = "invariant_violations"
    case latencyMilliseconds = "latency_ms"
  }
}

extension LoadReport.Latency {
  /// From a histogram of nanoseconds.
  init(_ nanoseconds: Histogram<UInt32>) {
    func milliseconds(_ percentile: Double) -> Double {
      guard nanoseconds.totalCount > 0 else { return 0 }
      return Double(nanoseconds.valueAtPercentile(percentile)) / 1_000_000
    }
    self.init(
      p50: milliseconds(50), p90: milliseconds(90), p99: milliseconds(99), p999: milliseconds(99.9),
      max: milliseconds(100))
  }
}
