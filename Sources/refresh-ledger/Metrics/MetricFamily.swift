/// All series of one name.
struct MetricFamily {
  enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  let help: String
  let kind: Kind
  /// By their labels as they stand in the text: empty, or like `reason="expired"`.
  var series: [String: any AnyObject & Sendable] = [:]
}
