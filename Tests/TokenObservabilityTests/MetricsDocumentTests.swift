import Foundation
import Testing

@testable import TokenObservability

@Suite("docs/metrics.md")
struct MetricsDocumentTests {
  private struct Row: Hashable {
    var kind: String
    var labels: [String: Set<String>]
  }

  /// The rows of the tables below a heading, by the metric's name.
  private static func rows(_ isWanted: (_ heading: Substring) -> Bool) throws -> [String: Row] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
    var rows: [String: Row] = [:]
    var heading: Substring = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") { heading = line.drop { $0 == "#" || $0 == " " } }
      guard line.hasPrefix("| `refresh_ledger_"), isWanted(heading) else { continue }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      var labels: [String: Set<String>] = [:]
      for label in cells[2].split(separator: ";") {
        let words = code(in: String(label))
        if let name = words.first { labels[name] = Set(words.dropFirst()) }
      }
      rows[code(in: cells[0]).joined()] = Row(kind: cells[1], labels: labels)
    }
    return rows
  }

  /// What stands between backticks.
  private static func code(in text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }

  @Test(
    "lists each metric of a store once, with its kind and the values of its labels",
    arguments: TokenMetric.Store.allCases)
  func isWhole(store: TokenMetric.Store) throws {
    let (own, others) = store == .embedded ? ("With a log", "With a database") : ("With a database", "With a log")
    // The command's own, of which this library knows nothing.
    var listed = try Self.rows { $0 != others }
    listed["refresh_ledger_output_lines_dropped_total"] = nil
    let metrics = TokenMetric.allCases.filter { $0.stores.contains(store) }
    #expect(Set(listed.keys) == Set(metrics.map(\.rawValue)))
    for metric in metrics {
      let row = try #require(listed[metric.rawValue])
      #expect(row.kind == metric.kind.rawValue, "\(metric)")
      #expect(Set(row.labels.keys) == Set(metric.labels.map(\.name)), "\(metric)")
      for (name, values) in metric.labels where name != "route" {
        let expected = metric == .store ? [store.rawValue] : Set(values)
        #expect(row.labels[name] == expected, "\(metric) \(name)")
      }
    }
    let ofStore = metrics.filter { $0.stores == [store] || $0 == .store }
    #expect(Set(try Self.rows { $0 == own }.keys) == Set(ofStore.map(\.rawValue)))
  }
}
