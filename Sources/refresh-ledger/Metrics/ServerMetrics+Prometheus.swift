import TokenHTTP

extension ServerMetrics {
  /// The server's metrics as `GET /metrics` prints them, and no others.
  static func prometheus() -> ServerMetrics {
    let descriptions = TokenMetric.allCases.map { metric in
      (metric.rawValue, PrometheusRegistry.Description(help: metric.help, kind: MetricFamily.Kind(metric.kind)))
    }
    let registry = PrometheusRegistry(Dictionary(uniqueKeysWithValues: descriptions))
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
