import Foundation
import Testing

@Suite("What documents show of programs")
struct DocumentSnippetTests {
  private static let command = "REFRESH_LEDGER_WRITE_DOCS=1 swift test --filter DocumentSnippet"

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// docs/embedding.md, docs/resource-servers.md, docs/browsers.md, and the articles of the documentation catalogues.
  private static var documents: [String] {
    let found = FileManager.default.enumerator(atPath: root.appendingPathComponent("Sources").path)
    let articles = (found?.compactMap { $0 as? String } ?? []).filter { $0.contains(".docc/") && $0.hasSuffix(".md") }
    let pages = ["embedding", "resource-servers", "browsers"].map { "docs/\($0).md" }
    return pages + articles.map { "Sources/\($0)" }.sorted()
  }

  @Test("is in each document text of a file that is compiled, or that a browser runs")
  func snippetsAreCompiled() throws {
    var count = 0
    for document in Self.documents { count += try check(document, "swift") }
    #expect(count > 12, "\(Self.documents)")
    #expect(try check("docs/browsers.md", "js") == 1)
  }

  /// The number of snippets.
  ///
  /// Writes them anew in place of comparing them where the environment asks for that.
  private func check(_ document: String, _ language: String) throws -> Int {
    let file = Self.root.appendingPathComponent(document)
    let text = try String(contentsOf: file, encoding: .utf8)
    var parts = text.components(separatedBy: "```\(language)\n")
    for index in parts.indices.dropFirst() {
      let source = try #require(parts[index - 1].split(separator: "\n").last)
      let words = source.split(separator: " ")
      #expect(
        words.count == 5 && words[1] == "from",
        "\(document): no `<!-- from FILE REGION -->` above: \(parts[index].prefix(80))")
      guard words.count == 5 else { continue }
      let compiled = try Self.region(String(words[3]), of: String(words[2]))
      let end = try #require(parts[index].range(of: "```\n"))
      if ProcessInfo.processInfo.environment["REFRESH_LEDGER_WRITE_DOCS"] != nil {
        parts[index].replaceSubrange(..<end.lowerBound, with: compiled)
      } else {
        #expect(
          parts[index][..<end.lowerBound] == compiled,
          "\(document): \(words[2]) has it otherwise; to take it over: \(Self.command)")
      }
    }
    let changed = parts.joined(separator: "```\(language)\n")
    if changed != text { try changed.write(to: file, atomically: true, encoding: .utf8) }
    return parts.count - 1
  }

  /// What stands between `// docs:NAME` and the next `// docs:end`, without the indentation that is common to it.
  private static func region(_ name: String, of path: String) throws -> String {
    let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    var lines = text.components(separatedBy: "\n")[...]
    let marker = "// docs:"
    lines = lines.drop { $0.trimmingCharacters(in: .whitespaces) != marker + name }.dropFirst()
    lines = lines.prefix { $0.trimmingCharacters(in: .whitespaces) != marker + "end" }
    try #require(!lines.isEmpty, "\(path) has no region \(name)")
    let indentation = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { $0.dropFirst(indentation) + "\n" }.joined()
  }
}
