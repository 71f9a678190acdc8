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
