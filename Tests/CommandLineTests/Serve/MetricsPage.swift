import Foundation

/// What `GET /metrics` printed.
struct MetricsPage {
  /// By name and labels as they are printed.
  var values: [String: Double] = [:]
  /// By the metric's name.
  var types: [String: String] = [:]
  /// The values of each label, by the metric's name and its own.
  var labels: [String: [String: Set<String>]] = [:]

  init(_ text: String) {
    var name = ""
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# TYPE "), words.count == 4 {
        name = String(words[2])
        types[name] = String(words[3])
      } else if !line.hasPrefix("#"), let space = line.lastIndex(of: " ") {
        values[String(line[..<space])] = Double(line[line.index(after: space)...])
        // No value that is printed here holds a comma or a quotation mark.
        let pairs = line[..<space].drop { $0 != "{" }.dropFirst().dropLast()
        for pair in pairs.split(separator: ",") {
          let parts = pair.split(separator: "=", maxSplits: 1)
          guard parts.count == 2 else { continue }
          labels[name, default: [:]][String(parts[0]), default: []].insert(parts[1].filter { $0 != "\"" })
        }
      }
    }
  }
}

/// What docs/metrics.md says that there is.
struct MetricsDocument {
  private static let databaseHeading = "### With a database"

  struct Metric {
    var type: String
    var labels: [String: Set<String>]
  }

  /// Of a server with a log.
  var metrics: [String: Metric] = [:]
  /// What a server on a database has in place of those of a log.
  var databaseMetrics: [String: Metric] = [:]
  /// The alert rules, a file of Prometheus.
  var rules = ""

  /// Reads the table's rows: name, type, labels, meaning.
  ///
  /// The values of the label `route` are those of docs/http.md and `other`.
  init() throws {
    let folder = BuiltCommand.repository.appending(path: "docs")
    let routes = try Self.routes(in: String(contentsOf: folder.appendingPathComponent("http.md"), encoding: .utf8))
    let text = try String(contentsOf: folder.appendingPathComponent("metrics.md"), encoding: .utf8)
    rules = String(text.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first ?? "")
    var isOfDatabase = false
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") { isOfDatabase = line == Self.databaseHeading }
      guard line.hasPrefix("| `refresh_ledger_") else { continue }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4 else { continue }
      var labels: [String: Set<String>] = [:]
      for label in cells[2].split(separator: ";") {
        let words = Self.code(in: String(label))
        guard let name = words.first else { continue }
        labels[name] = name == "route" ? routes.union(["other"]) : Set(words.dropFirst())
      }
      let (name, metric) = (Self.code(in: cells[0]).joined(), Metric(type: cells[1], labels: labels))
      if isOfDatabase { databaseMetrics[name] = metric } else { metrics[name] = metric }
    }
  }

  /// The paths in the first column of the table of routes.
  private static func routes(in text: String) -> Set<String> {
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
    let cells = rows.compactMap { $0.split(separator: "|").first }
    let words = cells.flatMap { code(in: String($0)) }.joined(separator: " ").split(separator: " ").map(String.init)
    return Set(words.filter { $0.hasPrefix("/") })
  }

  /// What stands between backticks.
  private static func code(in text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }
}
