import CoreMetrics
import MetricsTestKit
import TokenObservability

@testable import TokenHTTP

/// The server's metrics in a backend that can be read.
struct CountedMetrics: Sendable {
  let backend = TestMetrics()
  let server: ServerMetrics

  init() {
    server = ServerMetrics(factory: backend)
  }

  /// The counters of the engine and its grants that are not 0, without the names' common beginning, as `name{values}`.
  var counts: [String: Int64] {
    counts { $0 != TokenMetric.requests.rawValue }
  }

  /// The same of the requests.
  var requests: [String: Int64] {
    counts { $0 == TokenMetric.requests.rawValue }
  }

  private func counts(_ isWanted: (String) -> Bool) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for counter in backend.counters where isWanted(counter.label) && counter.totalValue != 0 {
      let values = counter.dimensions.isEmpty ? "" : "{\(counter.dimensions.map(\.1).joined(separator: ","))}"
      counts["\(counter.label.dropFirst("refresh_ledger_".count))\(values)"] = counter.totalValue
    }
    return counts
  }

  /// How often a histogram was recorded to, whatever its labels.
  func recordings(of metric: TokenMetric) -> Int {
    backend.timers(label: metric.rawValue).reduce(0) { $0 + $1.values.count }
  }

  /// Every metric with its labels, used or not.
  var series: Set<String> {
    var series: Set<String> = []
    for counter in backend.counters { series.insert("\(counter.label) \(counter.dimensions)") }
    for timer in backend.timers { series.insert("\(timer.label) \(timer.dimensions)") }
    for meter in backend.meters { series.insert("\(meter.label) \(meter.dimensions)") }
    return series
  }
}
