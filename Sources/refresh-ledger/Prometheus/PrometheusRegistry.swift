import CoreMetrics
import Synchronization
import TokenHTTP
import TokenObservability

/// The metrics of this process for Prometheus: a backend of swift-metrics that keeps them in memory and writes them as
/// text.
///
/// Only metrics with a description are accepted, and only a bounded number of series; all others count nowhere.
/// Recording takes no lock; making a metric and writing the text do.
final class PrometheusRegistry: MetricsFactory {
  /// The description of an accepted metric.
  struct Description: Sendable {
    var help: String
    var kind: MetricFamily.Kind
  }

  private struct State {
    var families: [String: MetricFamily] = [:]
    var seriesCount = 0
  }

  private let descriptions: [String: Description]
  private let seriesMax: Int
  private let state = Mutex(State())

  init(_ descriptions: [String: Description], seriesMax: Int = 1000) {
    self.descriptions = descriptions
    self.seriesMax = seriesMax
  }

  /// All metrics, in the order of their names, in Prometheus's text format 0.0.4.
  var text: String {
    let families = state.withLock { $0.families }
    var writer = MetricsText()
    for (name, family) in families.sorted(by: { $0.key < $1.key }) { writer.add(family, named: name) }
    return writer.text
  }

  /// Adds a counter that was made elsewhere, under a name of its own.
  func add(_ counter: CounterSeries, named name: String, help: String) {
    state.withLock { $0.families[name] = MetricFamily(help: help, kind: .counter, series: ["": counter]) }
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, .counter, dimensions, CounterSeries.init) ?? NOOPMetricsHandler.instance
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, .gauge, dimensions, GaugeSeries.init) ?? NOOPMetricsHandler.instance
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate {
      series(label, .histogram, dimensions, HistogramSeries.init) ?? NOOPMetricsHandler.instance
    } else {
      series(label, .gauge, dimensions, GaugeSeries.init) ?? NOOPMetricsHandler.instance
    }
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, .histogram, dimensions, HistogramSeries.init) ?? NOOPMetricsHandler.instance
  }

  /// Returns the series of that name and those labels, which is made if there is none, or nil if it is not accepted.
  private func series<Series: AnyObject & Sendable>(
    _ name: String, _ kind: MetricFamily.Kind, _ labels: [(String, String)], _ make: () -> Series
  ) -> Series? {
    guard let description = descriptions[name], description.kind == kind,
      labels.allSatisfy({ MetricsText.isLabelName($0.0) })
    else { return nil }
    let text = MetricsText.labels(labels)
    return state.withLock { state in
      if let known = state.families[name]?.series[text] { return known as? Series }
      guard state.seriesCount < seriesMax else { return nil }
      let made = make()
      state.seriesCount += 1
      state.families[name, default: MetricFamily(help: description.help, kind: kind)].series[text] = made
      return made
    }
  }

  // Metrics stay until the process ends: a counter that came back at zero would look like a restart.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}

extension ServerMetrics {
  private static let droppedLinesName = "refresh_ledger_output_lines_dropped_total"

  /// Returns the server's metrics as `GET /metrics` prints them, and no others.
  ///
  /// `droppedLines` is the counter of dropped lines of the process's own output, which no part of a server knows, and
  /// `store` the kind of store behind the server's ledger.
  static func prometheus(droppedLines: CounterSeries, store: TokenMetric.Store) -> ServerMetrics {
    let descriptions = TokenMetric.allCases.map { metric in
      (metric.rawValue, PrometheusRegistry.Description(help: metric.help, kind: MetricFamily.Kind(metric.kind)))
    }
    let registry = PrometheusRegistry(Dictionary(uniqueKeysWithValues: descriptions))
    registry.add(
      droppedLines, named: droppedLinesName,
      help: "Lines of output that were dropped, not read in time or not writable.")
    return ServerMetrics(factory: registry, store: store) { registry.text }
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
