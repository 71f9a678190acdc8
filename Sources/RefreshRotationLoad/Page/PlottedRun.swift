/// A run in a page: its report, and by which letter and colour it goes.
struct PlottedRun {
  let report: LoadReport
  /// `A` and `B` where two are compared, empty for one alone.
  let name: String
  /// Of its lines: `a` or `b`.
  let style: String

  /// The middle of each interval, in seconds.
  func time(_ index: Int) -> Double { (Double(index) + 0.5) * report.series.intervalSeconds }

  /// Seconds that the series covers.
  var length: Double { max(Double(report.series.rotations.count), 1) * report.series.intervalSeconds }

  /// How long it took, and when.
  var moment: String {
    let text = report.startedAt.map { ", \($0.prefix(10)) \($0.dropFirst(11).prefix(8)) UTC" }
    return "\(Decimals.short(report.seconds)) s\(text ?? "")"
  }

  /// What is said of a series of it: `A: rotations`.
  func label(_ text: String) -> String { name.isEmpty ? text : "\(name): \(text)" }

  /// Seconds that were measured in the interval; the last one may be cut short.
  func measured(_ index: Int) -> Double {
    let whole = report.series.intervalSeconds
    return max(min(whole, report.seconds - Double(index) * whole), whole / 20)
  }

  func rate(_ count: Int, at index: Int) -> Double { Double(count) / measured(index) }
}
