/// Two runs beside each other as a page that needs nothing but itself.
public struct ComparisonPage: Sendable {
  private let a: LoadReport
  private let b: LoadReport

  public init(_ a: LoadReport, _ b: LoadReport) {
    self.a = a
    self.b = b
  }

  public var html: String {
    let runs = [PlottedRun(report: a, name: "A", style: "a"), PlottedRun(report: b, name: "B", style: "b")]
    let names = runs.map { run in
      "<p class=\"soft\">\(Markup.escape(run.label(run.report.server)))</p><p class=\"soft\">\(Markup.escape(run.moment))</p>"
    }
    func pair(_ part: (PlottedRun) -> String) -> String {
      "<div class=\"pair\">\(runs.map { "<div>\(part($0))</div>" }.joined())</div>"
    }
    let body = [
      "<header><h1>Two load tests of refresh rotation</h1>\(names.joined())</header>", pair(PageSections.verdict),
      figures, ThroughputChart.markup(runs), LatencyChart.markup(runs), pair { LatencyChart.markup([$0]) },
      DistributionCharts.percentiles(runs),
      pair(PageSections.violations), pair(PageSections.errors), options(runs), pair(PageSections.checks),
      pair(PageSections.conditions), PageSections.footer([a, b]),
    ]
    return PageSections.document(title: "Refresh rotation: A and B", body: body.joined(separator: "\n"))
  }

  private var figures: String {
    let rows = ComparisonTable(a, b).rows.map { [$0.name, $0.a, $0.b, $0.change] }
    return "<section><h2>Figures</h2>\(Markup.table(["", "A", "B", "B against A"], rows))</section>"
  }

  /// What was asked for differently, which is what makes the figures differ beside the servers.
  private func options(_ runs: [PlottedRun]) -> String {
    let facts = runs.map { PageSections.optionFacts($0.report) }
    var names: [String] = []
    for name in facts.flatMap({ $0.map(\.0) }) where !names.contains(name) { names.append(name) }
    let rows = names.map { name in
      [name] + facts.map { facts in facts.first { $0.0 == name }?.1 ?? "none" }
    }.filter { $0[1] != $0[2] && $0[0] != "Server" }
    guard !rows.isEmpty else {
      return "<section><h2>Different options</h2><p class=\"soft\">None.</p></section>"
    }
    return "<section><h2>Different options</h2>\(Markup.table(["", "A", "B"], rows))</section>"
  }
}
