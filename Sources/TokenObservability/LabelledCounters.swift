internal import CoreMetrics

/// The counters of one metric with one label, all made at once, so that each is there before it first counts.
struct LabelledCounters: Sendable {
  private let byValue: [String: Counter]

  init(_ metric: TokenMetric, factory: any MetricsFactory) {
    precondition(metric.labels.count == 1, "\(metric.rawValue) has not one label")
    byValue = metric.labels.reduce(into: [:]) { counters, label in
      for value in label.values {
        counters[value] = Counter(label: metric.rawValue, dimensions: [(label.name, value)], factory: factory)
      }
    }
  }

  /// A value that is none of the label's counts nothing.
  func increment(_ value: String) {
    byValue[value]?.increment()
  }
}

extension Counter {
  convenience init(_ metric: TokenMetric, factory: any MetricsFactory) {
    self.init(label: metric.rawValue, factory: factory)
  }
}

extension Timer {
  convenience init(_ metric: TokenMetric, factory: any MetricsFactory) {
    self.init(label: metric.rawValue, factory: factory)
  }

  func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
  }
}
