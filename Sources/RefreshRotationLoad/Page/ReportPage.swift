/// A self-contained page with the report of one run.
public struct ReportPage: Sendable {
  private let report: LoadReport

  public init(_ report: LoadReport) {
    self.report = report
  }

  public var html: String {
    let run = PlottedRun(report: report, name: "", style: "a")
    let body = [
      "<header><h1>Load test of refresh rotation</h1><p class=\"soft\">\(Markup.escape(report.server))</p><p class=\"soft\">\(Markup.escape(run.moment))</p></header>",
      PageSections.verdict(run), early(run), PageSections.tiles(report), PageSections.violations(run),
      ThroughputChart.markup([run]), LatencyChart.markup([run]), DistributionCharts.percentiles([run]),
      DistributionCharts.histogram(run), PageSections.errors(run), PageSections.checks(run),
      PageSections.conditions(run), PageSections.footer([report]),
    ]
    return PageSections.document(
      title: "Refresh rotation on \(report.server)", body: body.filter { !$0.isEmpty }.joined(separator: "\n"))
  }

  /// Returns the reason that the run ended early, if the verdict is about something else.
  private func early(_ run: PlottedRun) -> String {
    guard let reason = report.endedEarly, report.invariantViolations > 0 else { return "" }
    return "<p class=\"verdict bad\">✗ Ended early: \(Markup.escape(reason))</p>"
  }
}
