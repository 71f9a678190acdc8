import Foundation
import Testing

/// The document says what the engine does: its table is what comes out of playing every row.
@Suite("The table in docs/semantics.md", .fewAtOnce)
struct SemanticsTableTests {
  private static let command = "REFRESH_LEDGER_WRITE_DOCS=1 swift test --filter SemanticsTable"
  private static let begin = "<!-- table:begin -->\n"
  private static let end = "\n<!-- table:end -->"

  @Test(
    "is, line by line, what a real engine answers, tells and records in each situation under each policy, on each ledger",
    arguments: TestedLedger.allCases)
  func isWhatTheEngineDoes(on ledger: TestedLedger) async throws {
    var parts: [String] = []
    for section in SemanticsSection.all { parts.append(try await section.text(on: ledger)) }
    let played = parts.joined(separator: "\n\n")

    let document = Self.root.appendingPathComponent("docs/semantics.md")
    let text = try String(contentsOf: document, encoding: .utf8)
    let begin = try #require(text.range(of: Self.begin))
    let end = try #require(text.range(of: Self.end, range: begin.upperBound..<text.endIndex))
    let written = String(text[begin.upperBound..<end.lowerBound])
    if written == played { return }

    // Written once: what another ledger does differently is its fault.
    if ledger == .refreshLedger, ProcessInfo.processInfo.environment["REFRESH_LEDGER_WRITE_DOCS"] != nil {
      let changed = text.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: played)
      try changed.write(to: document, atomically: true, encoding: .utf8)
      return
    }
    let (old, new) = (written.components(separatedBy: "\n"), played.components(separatedBy: "\n"))
    for line in old where !new.contains(line) { Issue.record("only in the document: \(line)") }
    for line in new where !old.contains(line) { Issue.record("only in what the engine does: \(line)") }
    Issue.record("docs/semantics.md is not what the engine does; if the engine is right, run: \(Self.command)")
  }

  @Test("names each situation of a section once")
  func situationsAreDistinct() {
    for section in SemanticsSection.all {
      let names = section.rows.map(\.situation)
      #expect(Set(names).count == names.count, "\(section.title)")
    }
  }

  private static var root: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
  }
}
