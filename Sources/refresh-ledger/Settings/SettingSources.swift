import Configuration
import SystemPackage

/// Where settings come from: the command line before the environment before the file.
struct SettingSources {
  private let flags: [SettingKey: (flag: String, text: String)]
  private let environment: [String: String]
  private let file: ConfigurationFile?
  private let reader: ConfigReader

  /// Refuses unknown keys in the file and unknown variables that begin with `REFRESH_LEDGER_`.
  init(
    flags: [SettingKey: (flag: String, text: String)], environment: [String: String], filePath: String?
  ) async throws(CommandFailure) {
    try SettingSources.refuseUnknown(environment)
    var providers: [any ConfigProvider] = [
      InMemoryProvider(
        name: "command line",
        values: Dictionary(
          uniqueKeysWithValues: flags.map { key, given in
            (AbsoluteConfigKey(ConfigKey(key.rawValue).components), ConfigValue(.string(given.text), isSecret: false))
          })),
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: ["refreshLedger"]),
    ]
    var file: ConfigurationFile?
    if let filePath {
      let found = try ConfigurationFile(path: filePath)
      file = found
      if !found.isEmpty {
        do {
          providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(filePath)))
        } catch {
          throw CommandFailure(.inputOutput, "\(filePath): changed while it was read; start again")
        }
      }
    }
    self.flags = flags
    self.environment = environment
    self.file = file
    reader = ConfigReader(providers: providers)
  }

  /// The value as it is written; nil where it is nowhere.
  func text(_ key: SettingKey) -> String? {
    reader.string(forKey: ConfigKey(key.rawValue))
  }

  /// A failure that names the key, where it stands, what is wrong with it and the fix.
  func fault(_ key: SettingKey, _ what: String) -> CommandFailure {
    CommandFailure(.configuration, "\(place(of: key)): \(key.rawValue)\(shownValue(of: key)) \(what)")
  }

  private func place(of key: SettingKey) -> String {
    if let given = flags[key] { return given.flag }
    if environment[key.environmentName] != nil { return key.environmentName }
    return file?.place(of: key) ?? "default"
  }

  private func shownValue(of key: SettingKey) -> String {
    guard let text = text(key) else { return "" }
    return " \"\(String(text.prefix(64)).shown)\(text.count > 64 ? "…" : "")\""
  }

  private static func refuseUnknown(_ environment: [String: String]) throws(CommandFailure) {
    let known = SettingKey.allCases.map(\.environmentName) + [LogOutput.levelVariable]
    for name in environment.keys.sorted() where name.hasPrefix(SettingKey.environmentPrefix) {
      guard !known.contains(name), !isSetByContainers(name) else { continue }
      let fix =
        SettingKey.fix(ofRemovedVariable: name)
        ?? Suggestion.nearest(to: name, among: known).map { "did you mean \($0)?" }
        ?? "unset it, or see docs/configuration.md for the names there are"
      throw CommandFailure(.configuration, "environment: unknown variable \(name); \(fix)")
    }
  }

  /// Kubernetes sets such variables for a service that is called refresh-ledger.
  private static func isSetByContainers(_ name: String) -> Bool {
    let rest = name.dropFirst(SettingKey.environmentPrefix.count)
    return rest == "PORT" || rest.hasPrefix("PORT_") || rest.hasPrefix("SERVICE_")
  }
}
