/// A chart in the page: its heading, what its colours mean, the drawing in three widths, and its values as a table.
struct ChartFigure {
  var id: String
  var title: String
  var sentence: String
  var legend: [(style: String, text: String)]
  /// For who does not see the drawing.
  var description: String
  var tableHeader: [String] = []
  var tableRows: [[String]] = []

  /// The drawings' names in the style sheet, their widths and their heights.
  private static let sizes: [(name: String, width: Double, height: Double)] = [
    ("wide", 820, 300), ("medium", 520, 280), ("narrow", 320, 260),
  ]
  static let tableRowsMax = 60

  func markup(_ draw: (_ width: Double, _ height: Double) -> Plot) -> String {
    let drawings = Self.sizes.map { size in
      draw(size.width, size.height).svg(
        id: "\(id)-\(size.name)", size: size.name, title: title, description: description)
    }
    let legend = legend.map { "<li><span class=\"key \($0.style)\"></span>\(Markup.escape($0.text))</li>" }.joined()
    let table =
      tableRows.isEmpty ? "" : "<details><summary>The values</summary>\(Markup.table(tableHeader, tableRows))</details>"
    return """
      <figure><figcaption><h2>\(Markup.escape(title))</h2><p>\(Markup.escape(sentence))</p></figcaption>\
      <ul class="legend">\(legend)</ul>\(drawings.joined())\(table)</figure>
      """
  }

  /// Every so many of the intervals that a table of all fits.
  static func tableStride(_ count: Int) -> Int { max(1, (count + tableRowsMax - 1) / tableRowsMax) }
}

/// A run in a page: its report, and by which letter and colour it goes.
struct PlottedRun {
  let report: LoadReport
  /// `A` and `B` if two are compared, empty for one alone.
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

/// The axis of a run's time, in the unit that suits its length.
enum TimeAxis {
  static func axis(_ runs: [PlottedRun], width: Double) -> Plot.Axis {
    let seconds = runs.map(\.length).max() ?? 1
    let (unit, name) = seconds > 7200 ? (3600.0, "h") : seconds > 180 ? (60.0, "min") : (1.0, "s")
    let inUnits = Scale.exact(0, seconds / unit)
    let marks = inUnits.marks(max(3, Int(width / 90))).map { ($0 * unit, Decimals.short($0)) }
    return Plot.Axis(
      scale: .exact(0, seconds), marks: marks.map { (value: $0.0, text: $0.1) }, title: "time since the start (\(name))"
    )
  }
}
