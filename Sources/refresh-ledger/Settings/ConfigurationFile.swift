import Yams

/// A configuration file in YAML, or in JSON, which is YAML too: the value of each key in it, with its line.
struct ConfigurationFile {
  let path: String
  private var entries: [SettingKey: Entry] = [:]

  private struct Entry {
    /// The value as it is written, without quotation marks.
    var text: String
    /// The number of the line, counted from 1.
    var line: Int
  }

  private static let bytesMax = 64 << 10

  /// Reads the file, which must be a mapping of known sections and keys.
  ///
  /// Its failure names the line.
  init(path: String) throws(CommandError) {
    self.path = path
    let bytes = try InputFile.read(path, "configuration file", bytesMax: ConfigurationFile.bytesMax)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError(.configuration, "\(path): is not UTF-8; save it as UTF-8")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw fault(of: error)
    }
    guard let root, !ConfigurationFile.isNull(root) else { return }
    guard let mapping = root.mapping else {
      throw fault(at: root, "is a list or a single value; write sections such as \"http:\" with keys under them")
    }
    try note(mapping, under: "")
  }

  func text(of key: SettingKey) -> String? { entries[key]?.text }

  func place(of key: SettingKey) -> String? {
    entries[key].map { "\(path):\($0.line)" }
  }

  private mutating func note(_ mapping: Node.Mapping, under section: String) throws(CommandError) {
    for (keyNode, value) in mapping {
      guard let name = keyNode.scalar?.string else {
        throw fault(at: keyNode, "a key is not a word; write \"key: value\"")
      }
      let full = section.isEmpty ? name : "\(section).\(name)"
      if let key = SettingKey(rawValue: full) {
        guard let scalar = value.scalar else {
          throw fault(at: keyNode, "\(full) is a single value; write \"\(name): value\"")
        }
        guard !ConfigurationFile.isNull(value) else {
          throw fault(at: keyNode, "\(full) has no value; write one, \"\" for none, or leave the key out")
        }
        entries[key] = Entry(text: scalar.string, line: keyNode.mark?.line ?? 1)
      } else if SettingKey.sections.contains(full) {
        if ConfigurationFile.isNull(value) { continue }
        guard let inner = value.mapping else {
          throw fault(at: keyNode, "\(full) is a section; write its keys under it, indented")
        }
        try note(inner, under: full)
      } else {
        throw fault(at: keyNode, "unknown key \(ConfigurationFile.shown(full)); \(ConfigurationFile.fix(of: full))")
      }
    }
  }

  private static func fix(of name: String) -> String {
    if let fix = SettingKey.fix(ofRemoved: name) { return fix }
    let known = SettingKey.allCases.map(\.rawValue)
    if let meant = Suggestion.nearest(to: name, among: known + sections(atTheTopOf: name)) {
      return "did you mean \(meant)?"
    }
    return "remove it, or see docs/configuration.md for the keys there are"
  }

  /// Returns the section names, if a section may be meant.
  private static func sections(atTheTopOf name: String) -> [String] {
    name.contains(".") ? [] : SettingKey.sections.filter { !$0.contains(".") }
  }

  /// Returns the name for a message of one line.
  private static func shown(_ name: String) -> String {
    String(name.prefix(64)).shown
  }

  private static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  private func fault(at node: Node, _ what: String) -> CommandError {
    CommandError(.configuration, "\(path):\(node.mark?.line ?? 1): \(what)")
  }

  private func fault(of error: any Error) -> CommandError {
    let fix = "fix the YAML there"
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return CommandError(.configuration, "\(path):\(mark.line): \(problem); \(fix)")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map(ConfigurationFile.shown).joined(separator: ", ")
      return CommandError(
        .configuration, "\(path):\(context.mark.line): the section that begins here has \(names) twice; keep one")
    case YamlError.reader(let problem, _, _, _):
      return CommandError(.configuration, "\(path): \(problem); save it as UTF-8 text")
    default:
      return CommandError(.configuration, "\(path): is not YAML; \(fix)")
    }
  }
}
