import FoundationEssentials
import Testing

@testable import RefreshRotationLoad

@Suite("The page of a load") struct PageTests {
  private static func report(
    _ fault: ScriptedTarget.Fault = .none, requests: Int = 400, rate: Double? = nil
  ) async throws -> LoadReport {
    var options = LoadOptions(sessions: 8, connections: 4, duration: .milliseconds(400), reuseRate: 0.05)
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

@Suite("An axis") struct ScaleTests {
  @Test("has round marks, no more than fit, within its ends", arguments: [0.0003, 0.9, 7, 42, 999, 123_456, 9_000_000])
  func linear(most: Double) {
    let scale = Scale.linear(upTo: most)
    let marks = scale.marks(5)
    #expect((2...7).contains(marks.count), "\(marks)")
    #expect(marks.first == 0 && scale.high >= most && scale.high <= most * 2.6, "\(scale)")
    #expect(marks.allSatisfy { (0...1).contains(scale.share($0)) })
  }

  @Test("of latencies has some marks for any range", arguments: [(0.01, 0.011), (0.2, 3), (0.05, 120_000), (1, 1)])
  func logarithmic(low: Double, high: Double) {
    let scale = Scale.logarithmic(low, high)
    let marks = scale.marks(6)
    #expect((1...7).contains(marks.count), "\(marks)")
    #expect(scale.share(low) < scale.share(high) || low == high)
  }

  @Test("writes numbers as people do")
  func numbers() {
    #expect(
      [0, 0.5, 1.234, 45.67, 1234.5, 1_234_567].map(Decimals.short) == [
        "0", "0.5", "1.23", "45.7", "1,235", "1,234,567",
      ])
    #expect(Decimals.percent(99.9) == "99.9 %" && Decimals.percent(50) == "50 %")
    #expect(Decimals.round(123_456) == 123_500 && Decimals.round(0) == 0)
  }
}
