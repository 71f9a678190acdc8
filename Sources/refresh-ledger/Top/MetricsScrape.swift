import TokenObservability

/// The metrics of `GET /metrics` at one moment, parsed from the part of Prometheus's text format that this server
/// writes.
struct MetricsScrape {
  let moment: ContinuousClock.Instant
  /// The values by name, and then by labels as they are written between the braces.
  private var series: [String: [String: Double]] = [:]

  init(_ text: String, at moment: ContinuousClock.Instant = .now) {
    self.moment = moment
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]),
        // No counter of ours reaches such a value, which would not be a number any more in a rate.
        abs(value) < 1e15
      else { continue }
      let key = line[..<space]
      let brace = key.firstIndex(of: "{")
      let labels = brace.map { key[key.index(after: $0)...].dropLast() } ?? ""
      series[String(key[..<(brace ?? key.endIndex)]), default: [:]][String(labels)] = value
    }
  }

  /// The sum over all labels, or nil if there is no such metric.
  subscript(metric: TokenMetric) -> Double? {
    series[metric.rawValue].map { $0.values.reduce(0, +) }
  }

  /// Returns the values by one label, summed over the others.
  func values(of metric: TokenMetric, by label: String) -> [String: Double] {
    var sums: [String: Double] = [:]
    for (labels, value) in series[metric.rawValue] ?? [:] {
      guard let name = MetricsScrape.value(of: label, in: labels) else { continue }
      sums[name, default: 0] += value
    }
    return sums
  }

  /// Returns the number of observations of a histogram up to each of its bounds, over all labels, in ascending order.
  func buckets(of metric: TokenMetric) -> [(bound: Double, count: Double)] {
    var sums: [Double: Double] = [:]
    for (labels, value) in series["\(metric.rawValue)_bucket"] ?? [:] {
      guard let text = MetricsScrape.value(of: "le", in: labels) else { continue }
      let bound = text == "+Inf" ? Double.infinity : Double(text) ?? .infinity
      sums[bound, default: 0] += value
    }
    return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Returns the value of a label.
  ///
  /// This server writes none with a comma or a quotation mark.
  private static func value(of label: String, in labels: String) -> String? {
    for pair in labels.split(separator: ",") where pair.hasPrefix("\(label)=\"") {
      return String(pair.dropFirst(label.count + 2).dropLast()).shown
    }
    return nil
  }
}

extension MetricsScrape {
  /// Returns the increase of a counter since an earlier moment.
  ///
  /// A counter that decreased began anew, with its server.
  func rise(of metric: TokenMetric, since earlier: MetricsScrape) -> Double {
    MetricsScrape.rise(self[metric] ?? 0, since: earlier[metric] ?? 0)
  }

  static func rise(_ now: Double, since before: Double) -> Double { now >= before ? now - before : now }

  /// Returns the quantile of a histogram's observations since an earlier moment, in seconds, as Prometheus calculates
  /// it, or nil if there were none.
  ///
  /// A quantile past the last bound is that bound.
  func quantile(_ fraction: Double, of metric: TokenMetric, since earlier: MetricsScrape) -> Double? {
    let before = Dictionary(uniqueKeysWithValues: earlier.buckets(of: metric).map { ($0.bound, $0.count) })
    let risen = buckets(of: metric).map { ($0.bound, MetricsScrape.rise($0.count, since: before[$0.bound] ?? 0)) }
    guard let total = risen.last?.1, total > 0 else { return nil }
    let wanted = fraction * total
    var (lower, below) = (0.0, 0.0)
    for (bound, count) in risen {
      if count >= wanted {
        guard bound.isFinite else { return lower }
        return count > below ? lower + (bound - lower) * (wanted - below) / (count - below) : bound
      }
      (lower, below) = (bound, count)
    }
    return lower
  }
}
