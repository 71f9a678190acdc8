/// A configuration file with every setting, its default and its description.
enum InitTemplate {
  static var text: String {
    var text = """
      # Settings of refresh-ledger \(Release.version): every one, with its default. docs/configuration.md says more.
      # Durations are written 500ms, 30s, 15m, 12h, 30d; sizes 65536, 16KiB, 64MiB, 1GiB.
      # The environment and the command line override this file: http.port is REFRESH_LEDGER_HTTP_PORT and --port.

      """
    var open: [Substring] = []
    for setting in Setting.all {
      let parts = setting.key.rawValue.split(separator: ".")
      let sections = Array(parts.dropLast())
      let kept = zip(open, sections).prefix { $0 == $1 }.count
      for depth in kept..<max(kept, sections.count) {
        text += (depth == 0 ? "\n" : "") + indented("\(sections[depth]):", depth)
      }
      if sections.isEmpty { text += "\n" }
      open = sections
      for line in setting.comment { text += indented("# \(line)", sections.count) }
      let mark = setting.isOnlyShown ? "# " : ""
      text += indented("\(mark)\(parts.last ?? ""): \(scalar(setting.value.text(.standard)))", sections.count)
    }
    return text
  }

  private static func indented(_ line: String, _ depth: Int) -> String {
    String(repeating: "  ", count: depth) + line + "\n"
  }

  /// Returns the text in quotation marks, unless YAML reads it as the same text without them.
  private static func scalar(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "./-_".utf8.contains(byte)
        }
      }
    return isPlain ? text : "\"\(text)\""
  }
}
