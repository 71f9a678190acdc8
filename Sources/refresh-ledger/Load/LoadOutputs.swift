import ArgumentParser
import FoundationEssentials
import RefreshRotationLoad
import SystemPackage

/// The files that `load` writes.
struct LoadOutputs: ParsableArguments {
  @Option(help: "Write the figures to this file as JSON.")
  var json: String?

  @Option(help: "Write a report to this file, as one page of HTML that needs no network.")
  var report: String?

  func validate() throws {
    guard json == nil || json != report else { throw ValidationError("--json and --report need a file each") }
  }

  /// Refuses a file that cannot be written, before the load starts.
  ///
  /// It creates no file.
  func check() throws(CommandError) {
    for path in [json, report].compactMap({ $0 }) {
      let file = FilePath(path)
      do {
        do {
          try FileDescriptor.open(file, .writeOnly).close()
        } catch Errno.noSuchFileOrDirectory {
          try FileDescriptor.open(
            file, .writeOnly, options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead]
          ).close()
          try FileManager.default.removeItem(atPath: path)
        }
      } catch {
        throw CommandError(.cannotCreate, "cannot write \(path): \(error); name another file")
      }
    }
  }

  func write(_ figures: LoadReport) throws(CommandError) {
    if let json { try Self.write(JSONText.line(figures) + "\n", to: json) }
    if let report { try Self.write(ReportPage(figures).html, to: report) }
  }

  /// The lines that say what was written where.
  var places: [String] {
    [json.map { "figures: \($0)" }, report.map { "report: \($0)" }].compactMap { $0 }
  }

  static func write(_ text: String, to path: String) throws(CommandError) {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(text.utf8) }
    } catch {
      throw CommandError(.cannotCreate, "cannot write \(path): \(error); name another file")
    }
  }
}

/// A comparison of two runs that `load --json` has written.
struct LoadComparison {
  let paths: [String]
  let page: String?

  private static let bytesMax = 256 << 20

  func run() throws(CommandError) {
    let reports = (try read(paths[0]), try read(paths[1]))
    if let page {
      try LoadOutputs.write(ComparisonPage(reports.0, reports.1).html, to: page)
    }
    var table = TextTable("", "A", "B", "B against A")
    for row in ComparisonTable(reports.0, reports.1).rows { table.append(row.name, row.a, row.b, row.change) }
    let place = page.map { "report: \($0)\n" } ?? ""
    try Terminal.write("A: \(paths[0])\nB: \(paths[1])\n" + table.text + place)
  }

  private func read(_ path: String) throws(CommandError) -> LoadReport {
    let bytes = try InputFile.read(path, "report", bytesMax: Self.bytesMax)
    do {
      return try JSONDecoder().decode(LoadReport.self, from: Data(bytes))
    } catch {
      throw CommandError(
        .configuration, "\(path): is not a report that load --json of this version wrote; run the load again")
    }
  }
}
