/// One setting of the server: its key, what it takes, where that goes, and what it does. ``Setting/all`` is the table of them.
struct Setting: Sendable {
  let key: SettingKey
  /// The option of `serve` that gives it too; nil if there is none.
  let flag: String?
  let value: SettingValue
  /// What it does, line by line, as the configuration that `init` writes has it.
  let comment: [String]
  /// Whether that configuration has it as a comment alone: written down it would no longer follow other settings.
  let isOnlyShown: Bool

  init(
    _ key: SettingKey, flag: String? = nil, _ value: SettingValue, isOnlyShown: Bool = false, _ comment: String...
  ) {
    self.key = key
    self.flag = flag
    self.value = value
    self.comment = comment
    self.isOnlyShown = isOnlyShown
  }
}
