/// A chart in a page: its heading, the meaning of its colours, the drawing in three widths, and its values as a table.
struct ChartFigure {
  var id: String
  var title: String
  var sentence: String
  var legend: [(style: String, text: String)]
  /// A description for readers who cannot see the drawing.
  var description: String
  var tableHeader: [String] = []
  var tableRows: [[String]] = []

  /// The names of the drawings in the style sheet, their widths and their heights.
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

  /// Returns the step between the intervals that are listed, so that the table has few enough rows.
  static func tableStride(_ count: Int) -> Int { max(1, (count + tableRowsMax - 1) / tableRowsMax) }
}

/// A run in a page: its report, with its letter and colour.
struct PlottedRun {
  let report: LoadReport
  /// The name: `A` or `B` if two runs are compared, empty for a single one.
  let name: String
  /// The style of the run's lines: `a` or `b`.
  let style: String

  /// Returns the middle of an interval, in seconds.
  func time(_ index: Int) -> Double { (Double(index) + 0.5) * report.series.intervalSeconds }

  /// The number of seconds that the series covers.
  var length: Double { max(Double(report.series.rotations.count), 1) * report.series.intervalSeconds }

  /// The length of the run and the time of its start.
  var moment: String {
    let text = report.startedAt.map { ", \($0.prefix(10)) \($0.dropFirst(11).prefix(8)) UTC" }
    return "\(Decimals.short(report.seconds)) s\(text ?? "")"
  }

  /// Returns the label of one of the run's series: `A: rotations`.
  func label(_ text: String) -> String { name.isEmpty ? text : "\(name): \(text)" }

  /// Returns the measured seconds of an interval; the last one can be shorter than the others.
  func measured(_ index: Int) -> Double {
    let whole = report.series.intervalSeconds
    return max(min(whole, report.seconds - Double(index) * whole), whole / 20)
  }

  func rate(_ count: Int, at index: Int) -> Double { Double(count) / measured(index) }
}

/// The time axis of a run, in the unit that suits its length.
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
