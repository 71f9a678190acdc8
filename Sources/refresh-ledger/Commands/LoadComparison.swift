import FoundationEssentials
import RefreshRotationLoad

/// Two runs that were written by `load --json`, beside each other.
struct LoadComparison {
  let paths: [String]
  let page: String?

  private static let bytesMax = 256 << 20

  func run() throws(CommandFailure) {
    let reports = (try read(paths[0]), try read(paths[1]))
    if let page {
      try LoadOutputs.write(ComparisonPage(reports.0, reports.1).html, to: page)
    }
    var table = TextTable("", "A", "B", "B against A")
    for row in ComparisonTable(reports.0, reports.1).rows { table.append(row.name, row.a, row.b, row.change) }
    try Terminal.write("A: \(paths[0])\nB: \(paths[1])\n" + table.text)
  }

  private func read(_ path: String) throws(CommandFailure) -> LoadReport {
    let bytes = try InputFile.read(path, "report", bytesMax: Self.bytesMax)
    do {
      return try JSONDecoder().decode(LoadReport.self, from: Data(bytes))
    } catch {
      throw CommandFailure(
        .configuration, "\(path): is not a report that load --json of this version wrote; run the load again")
    }
  }
}
