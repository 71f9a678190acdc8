/// A text of metrics in Prometheus's text format 0.0.4.
struct MetricsText {
  private(set) var text = ""

  mutating func add(_ family: MetricFamily, named name: String) {
    text +=
      "# HELP \(name) \(MetricsText.escaped(family.help, quotes: false))\n# TYPE \(name) \(family.kind.rawValue)\n"
    for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
      switch series {
      case let counter as CounterSeries: add(name, labels, "\(counter.value)")
      case let gauge as GaugeSeries: add(name, labels, MetricsText.number(gauge.value))
      case let histogram as HistogramSeries: add(name, labels, histogram)
      default: break
      }
    }
  }

  private mutating func add(_ name: String, _ labels: String, _ value: String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  private mutating func add(_ name: String, _ labels: String, _ histogram: HistogramSeries) {
    let counts = histogram.cumulativeCounts
    let bounds = HistogramSeries.bounds.map(MetricsText.number) + ["+Inf"]
    for (bound, count) in zip(bounds, counts) {
      add("\(name)_bucket", "\(labels)\(labels.isEmpty ? "" : ",")le=\"\(bound)\"", "\(count)")
    }
    add("\(name)_sum", labels, MetricsText.number(histogram.sum))
    add("\(name)_count", labels, "\(counts.last ?? 0)")
  }

  /// Returns the labels as they are written between the braces.
  static func labels(_ labels: [(String, String)]) -> String {
    labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
  }

  /// Checks whether a label can have the name: Prometheus accepts it and does not use it itself.
  static func isLabelName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return name != "le" && !name.hasPrefix("__")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Returns the number as Go reads it, without an unnecessary fraction.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}

/// All series of one name.
struct MetricFamily {
  enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  let help: String
  let kind: Kind
  /// The series by their labels as they are written in the text: empty, or like `reason="expired"`.
  var series: [String: any AnyObject & Sendable] = [:]
}
