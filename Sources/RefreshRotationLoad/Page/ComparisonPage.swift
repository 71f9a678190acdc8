/// A self-contained page that compares two runs.
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

  /// Returns the options in which the runs differ, since they affect the figures too.
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

/// The figures of two runs beside each other.
public struct ComparisonTable: Sendable {
  public struct Row: Sendable {
    public var name: String
    public var a: String
    public var b: String
    /// The change from A to B, empty if it has no meaning.
    public var change: String
  }

  public let rows: [Row]

  public init(_ a: LoadReport, _ b: LoadReport) {
    func row(_ name: String, _ value: (LoadReport) -> Double, unit: String = "") -> Row {
      let (first, second) = (value(a), value(b))
      return Row(
        name: name, a: Decimals.short(first) + unit, b: Decimals.short(second) + unit,
        change: Self.change(first, second))
    }
    rows = [
      row("rotations a second", \.rotationsPerSecond), row("latency p50", \.latencyMilliseconds.p50, unit: " ms"),
      row("latency p90", \.latencyMilliseconds.p90, unit: " ms"),
      row("latency p99", \.latencyMilliseconds.p99, unit: " ms"),
      row("latency p99.9", \.latencyMilliseconds.p999, unit: " ms"),
      row("latency max", \.latencyMilliseconds.max, unit: " ms"),
      row("rotations", { Double($0.rotations) }), row("errors", { Double($0.errors) }),
      row("broken invariants", { Double($0.invariantViolations) }),
    ]
  }

  private static func change(_ first: Double, _ second: Double) -> String {
    guard first > 0 else { return "" }
    let percent = (1000 * (second / first - 1)).rounded() / 10
    guard abs(percent) < 1000 else { return "× \(Decimals.short(second / first))" }
    return (percent > 0 ? "+" : percent < 0 ? "−" : "±") + Decimals.short(abs(percent)) + " %"
  }
}
