import FoundationEssentials
import Testing

@testable import RefreshRotationLoad

@Suite("The page of a load") struct PageTests {
  private static func report(
    _ fault: ScriptedTarget.Fault = .none, requests: Int = 400, rate: Double? = nil
  ) async throws -> LoadReport {
    var options = LoadOptions(sessions: 8, connections: 4, duration: .milliseconds(400), replayRate: 0.05)
    guard let rate else { return try await LoadRun.after(requests: requests, options, ScriptedTarget(fault)) }
    options.rate = rate
    return try await LoadRun.stepped(options, fault)
  }

  @Test("asks no other place for anything and holds no script")
  func selfContained() async throws {
    let html = ReportPage(try await Self.report()).html
    for word in ["http://", "https://", "<script", "src=", "href=", "@import", "url("] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'") && html.contains("prefers-color-scheme:dark"))
  }

  @Test("has a title and a description for each drawing, and no number that is none")
  func alternatives() async throws {
    for html in [
      ReportPage(try await Self.report()).html, ReportPage(try await Self.report(.overloaded, requests: 8)).html,
      ReportPage(try await Self.report(rate: 100)).html,
      ComparisonPage(try await Self.report(), try await Self.report(.overloaded, rate: 50)).html,
    ] {
      let count = html.components("<svg")
      #expect(count > 0 && html.components("role=\"img\"") == count && html.components("<desc id=") == count)
      let identifiers = html.split(separator: "<title id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
      #expect(Set(identifiers).count == identifiers.count)
      #expect(!html.contains("nan") || html.contains("nanoseconds"))
      #expect(!html.contains(">inf") && !html.contains("Infinity"))
    }
  }

  @Test("shows what a server calls itself as text")
  func escapes() async throws {
    var report = try await Self.report()
    report.server = "http://a/<b>\"&'"
    let html = ReportPage(report).html
    #expect(html.contains("http://a/&lt;b&gt;&quot;&amp;&#39;") && !html.contains("<b>\"&"))
  }

  @Test("says which invariants broke, with their evidence")
  func violations() async throws {
    let report = try await Self.report(.grantsAgain)
    let html = ReportPage(report).html
    #expect(html.contains("broken invariant") && html.contains("two successors") && !html.contains("token-1"))
    #expect(html.contains(Markup.escape(try #require(report.violations.first).evidence)))
  }

  @Test("is drawn the same from the JSON of a run as from the run")
  func decoded() async throws {
    let report = try await Self.report(rate: 200)
    let decoded = try JSONDecoder().decode(LoadReport.self, from: JSONEncoder().encode(report))
    #expect(ReportPage(decoded).html == ReportPage(report).html)
  }

  @Test("of two runs says how B differs from A")
  func comparison() async throws {
    var (a, b) = (try await Self.report(), try await Self.report())
    (a.rotationsPerSecond, b.rotationsPerSecond) = (1000, 1250)
    b.options.connections = 99
    #expect(ComparisonTable(a, b).rows[0].change == "+25 %")
    let html = ComparisonPage(a, b).html
    #expect(html.contains("+25 %") && html.contains("Different options") && html.contains(">99<"))
  }
}

extension String {
  /// How often the text holds the other.
  fileprivate func components(_ text: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
