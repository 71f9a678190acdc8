import Foundation
import Testing

@testable import refresh_ledger

@Suite("The table of settings")
struct SettingTests {
  private let document: ConfigurationDocument

  init() throws {
    document = try ConfigurationDocument()
  }

  private func settings(_ path: String?) throws -> ServerSettings {
    try ServerSettings(try SettingSources(flags: [:], environment: [:], filePath: path))
  }

  /// The default of a setting after it was given as this text.
  private func standard(_ setting: Setting, from text: String) throws -> String {
    var settings = ServerSettings.standard
    try setting.value.read(text, &settings)
    return setting.value.text(settings)
  }

  @Test("has every key once, in the order of the keys")
  func keys() {
    #expect(Setting.all.map(\.key) == SettingKey.allCases)
  }

  @Test("reads each default as what it is, within its limits", arguments: SettingKey.allCases)
  func defaults(of key: SettingKey) throws {
    let setting = try #require(Setting.all.first { $0.key == key })
    let text = setting.value.text(.standard)
    #expect(try standard(setting, from: text) == text)
  }

  @Test(
    "has what docs/configuration.md says of each key: its default, its limits, its choices",
    arguments: SettingKey.allCases)
  func documented(_ key: SettingKey) throws {
    let setting = try #require(Setting.all.first { $0.key == key })
    let text: String
    if key == .wire {
      text = document.section("wire")
    } else {
      let row = try #require(document.rows[key.rawValue], "\(key.rawValue) is not in docs/configuration.md")
      text = row.text
      if let written = row.standard.code.first {
        #expect(
          try standard(setting, from: written) == setting.value.text(.standard), "\(key.rawValue): \(row.standard)")
      } else {
        #expect(setting.isOnlyShown || setting.value.text(.standard).isEmpty, "\(key.rawValue): \(row.standard)")
      }
    }
    if let limits = setting.value.limits { #expect(text.contains(limits), "\(key.rawValue): \(limits)") }
    if setting.value.choices != ["true", "false"] {
      for choice in setting.value.choices { #expect(text.code.contains(choice), "\(key.rawValue): \(choice)") }
    }
  }

  @Test("has every key of docs/configuration.md")
  func undocumented() {
    let known = Set(SettingKey.allCases.map(\.rawValue))
    #expect(Set(document.rows.keys).union(["wire"]) == known)
  }

  @Test("has the defaults of the example in docs/configuration.md, which has every key but two")
  func example() throws {
    let folder = try TestFolder()
    let path = try folder.write("config.yaml", document.example)
    #expect(String(reflecting: try settings(path)) == String(reflecting: try settings(nil)))
    let file = try ConfigurationFile(path: path)
    let left = SettingKey.allCases.filter { file.place(of: $0) == nil }
    #expect(left == [.httpAllowPlaintext, .tokensIssuer])
  }

  @Test("has the options of serve that docs/configuration.md names, and serve takes them")
  func flags() throws {
    let help = try CommandResult.of("serve", "--help").output
    for setting in Setting.all {
      guard let flag = setting.flag else { continue }
      #expect(document.text.contains("`\(flag)` is `\(setting.key.rawValue)`") && help.contains("\(flag) <"))
    }
    #expect(Setting.all.count { $0.flag != nil } == 7)
  }
}

/// What docs/configuration.md says of the settings.
private struct ConfigurationDocument {
  struct Row {
    var standard: String
    var text: String
  }

  let text: String
  /// By key.
  private(set) var rows: [String: Row] = [:]

  init() throws {
    let path = BuiltCommand.repository.appending(path: "docs/configuration.md")
    text = try String(contentsOf: path, encoding: .utf8)
    var section = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") { section = line.hasPrefix("### `") ? String(line).code.first ?? "" : "" }
      guard !section.isEmpty, line.hasPrefix("| `") else { continue }
      let cells = line.split(separator: "|", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3 else { continue }
      for key in cells[0].code { rows["\(section).\(key)"] = Row(standard: cells[1], text: cells[2]) }
    }
  }

  /// The text below the heading of a section.
  func section(_ name: String) -> String {
    let rest = text.components(separatedBy: "### `\(name)`\n").dropFirst().first ?? ""
    return rest.components(separatedBy: "\n#").first ?? ""
  }

  /// The example with every key.
  var example: String {
    text.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first ?? ""
  }
}

extension String {
  /// What stands between backticks.
  fileprivate var code: [String] {
    split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }
}
