import TokenHTTP

/// The metrics of `GET /metrics` at one moment, read from as much of Prometheus's text format as this server writes.
struct MetricsScrape {
  let moment: ContinuousClock.Instant
  /// The values by name, and then by labels as they stand between the braces.
  private var series: [String: [String: Double]] = [:]

  init(_ text: String, at moment: ContinuousClock.Instant = .now) {
    self.moment = moment
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]),
        // What no counter of ours reaches would be no number any more in a rate.
        abs(value) < 1e15
      else { continue }
      let key = line[..<space]
      let brace = key.firstIndex(of: "{")
      let labels = brace.map { key[key.index(after: $0)...].dropLast() } ?? ""
      series[String(key[..<(brace ?? key.endIndex)]), default: [:]][String(labels)] = value
    }
  }

  /// The sum over all labels; nil if there is no such metric.
  subscript(metric: TokenMetric) -> Double? {
    series[metric.rawValue].map { $0.values.reduce(0, +) }
  }

  /// The values by one label, summed over the others.
  func values(of metric: TokenMetric, by label: String) -> [String: Double] {
    var sums: [String: Double] = [:]
    for (labels, value) in series[metric.rawValue] ?? [:] {
      guard let name = MetricsScrape.value(of: label, in: labels) else { continue }
      sums[name, default: 0] += value
    }
    return sums
  }

  /// The number of observations of a histogram up to each of its bounds, over all labels, with the bounds rising.
  func buckets(of metric: TokenMetric) -> [(bound: Double, count: Double)] {
    var sums: [Double: Double] = [:]
    for (labels, value) in series["\(metric.rawValue)_bucket"] ?? [:] {
      guard let text = MetricsScrape.value(of: "le", in: labels) else { continue }
      let bound = text == "+Inf" ? Double.infinity : Double(text) ?? .infinity
      sums[bound, default: 0] += value
    }
    return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The value of a label. None that this server writes has a comma or a quotation mark.
  private static func value(of label: String, in labels: String) -> String? {
    for pair in labels.split(separator: ",") where pair.hasPrefix("\(label)=\"") {
      return String(pair.dropFirst(label.count + 2).dropLast()).shown
    }
    return nil
  }
}

extension MetricsScrape {
  /// The rise of a counter since then. One that fell began anew, with its server.
  func rise(of metric: TokenMetric, since earlier: MetricsScrape) -> Double {
    MetricsScrape.rise(self[metric] ?? 0, since: earlier[metric] ?? 0)
  }

  static func rise(_ now: Double, since before: Double) -> Double { now >= before ? now - before : now }

  /// The quantile of what a histogram observed since then, in seconds, as Prometheus works it out; nil if it observed
  /// nothing. Past the last bound it is that bound.
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
