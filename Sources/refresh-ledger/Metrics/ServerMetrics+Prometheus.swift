import TokenHTTP
import TokenObservability

extension ServerMetrics {
  private static let droppedLinesName = "refresh_ledger_output_lines_dropped_total"

  /// The server's metrics as `GET /metrics` prints them, and no others.
  ///
  /// - Parameter droppedLines: of the process's own output, which no part of a server knows.
  static func prometheus(droppedLines: CounterSeries) -> ServerMetrics {
    let descriptions = TokenMetric.allCases.map { metric in
      (metric.rawValue, PrometheusRegistry.Description(help: metric.help, kind: MetricFamily.Kind(metric.kind)))
    }
    let registry = PrometheusRegistry(Dictionary(uniqueKeysWithValues: descriptions))
    registry.add(
      droppedLines, named: droppedLinesName,
      help: "Lines of output that were dropped, not read in time or not writable.")
    return ServerMetrics(factory: registry) { registry.text }
  }
}

extension MetricFamily.Kind {
  fileprivate init(_ kind: TokenMetric.Kind) {
    switch kind {
    case .counter: self = .counter
    case .gauge: self = .gauge
    case .histogram: self = .histogram
    }
  }
}
