/// The sources of the settings: the command line takes precedence over the environment, and that over the file.
struct SettingSources {
  private let flags: [SettingKey: String]
  private let environment: [String: String]
  private let file: ConfigurationFile?

  /// Creates the sources.
  ///
  /// Unknown keys in the file and unknown variables that begin with `REFRESH_LEDGER_` are refused.
  init(flags: [SettingKey: String], environment: [String: String], filePath: String?) throws(CommandError) {
    try SettingSources.refuseUnknown(environment)
    self.flags = flags
    self.environment = environment
    if let filePath { file = try ConfigurationFile(path: filePath) } else { file = nil }
  }

  /// Returns the value as it is written, or nil if no source has one.
  func text(_ key: SettingKey) -> String? {
    flags[key] ?? environment[key.environmentName] ?? file?.text(of: key)
  }

  /// Checks whether the command line gives the value.
  func isFlag(_ key: SettingKey) -> Bool { flags[key] != nil }

  /// Returns a failure with the key, its place, the fault and the fix.
  func fault(_ key: SettingKey, _ what: String) -> CommandError {
    CommandError(.configuration, "\(place(of: key)): \(key.rawValue)\(shownValue(of: key)) \(what)")
  }

  func place(of key: SettingKey) -> String {
    if flags[key] != nil { return Setting.all.first { $0.key == key }?.flag ?? "command line" }
    if environment[key.environmentName] != nil { return key.environmentName }
    return file?.place(of: key) ?? "default"
  }

  private func shownValue(of key: SettingKey) -> String {
    guard let text = text(key), !key.isSecret else { return "" }
    return " \"\(String(text.prefix(64)).shown)\(text.count > 64 ? "…" : "")\""
  }

  private static func refuseUnknown(_ environment: [String: String]) throws(CommandError) {
    let known = SettingKey.allCases.map(\.environmentName) + [LogOutput.levelVariable]
    for name in environment.keys.sorted() where name.hasPrefix(SettingKey.environmentPrefix) {
      guard !known.contains(name), !isSetByContainers(name) else { continue }
      let fix =
        SettingKey.fix(ofRemovedVariable: name)
        ?? Suggestion.nearest(to: name, among: known).map { "did you mean \($0)?" }
        ?? "unset it, or see docs/configuration.md for the names there are"
      throw CommandError(.configuration, "environment: unknown variable \(name); \(fix)")
    }
  }

  /// Checks whether Kubernetes sets such a variable for a service with the name refresh-ledger.
  private static func isSetByContainers(_ name: String) -> Bool {
    let rest = name.dropFirst(SettingKey.environmentPrefix.count)
    return rest == "PORT" || rest.hasPrefix("PORT_") || rest.hasPrefix("SERVICE_")
  }
}
