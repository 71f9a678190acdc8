import TokenEngine

/// A setting of the server: its key, its type, its place and its description.
///
/// ``Setting/all`` is the table of all settings.
struct Setting: Sendable {
  let key: SettingKey
  /// The option of `serve` for the same setting, or nil if there is none.
  let flag: String?
  let value: SettingValue
  /// The description, in the lines of the configuration that `init` writes.
  let comment: [String]
  /// True if that configuration shows the setting only as a comment, because a written value would no longer follow
  /// other settings.
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

/// The type of a setting's value, its limits, and its place in ``ServerSettings``.
struct SettingValue: Sendable {
  typealias Place<Value> = any WritableKeyPath<ServerSettings, Value> & Sendable

  /// The limits as documents state them, such as `1ms to 30d`, or nil for a value that its type alone limits.
  let limits: String?
  /// All possible values, empty if they cannot be listed.
  let choices: [String]
  /// A function that parses the written value and puts it into its place, or throws the fault.
  let read: @Sendable (_ text: String, _ settings: inout ServerSettings) throws(SettingError) -> Void
  /// A function that returns the value as people write it.
  let text: @Sendable (_ settings: ServerSettings) -> String

  private init<Value>(
    _ place: Place<Value>, limits: String? = nil, choices: [String] = [],
    parse: @escaping @Sendable (String) throws(SettingError) -> Value, text: @escaping @Sendable (Value) -> String
  ) {
    self.limits = limits
    self.choices = choices
    read = { (text: String, settings: inout ServerSettings) throws(SettingError) in
      settings[keyPath: place] = try parse(text)
    }
    self.text = { text($0[keyPath: place]) }
  }

  /// Returns the type of a duration within a limit; `example` is a value for messages.
  static func duration(_ place: Place<Duration>, _ limit: Limit<Duration>, example: String) -> SettingValue {
    let rule = "\(limit.text), for example \(example)"
    return SettingValue(place, limits: limit.span) { (text: String) throws(SettingError) in
      guard let duration = DurationText.parse(text) else {
        throw SettingError("is not a duration; write a whole number and a unit (ms, s, m, h or d), \(rule)")
      }
      guard limit.range.contains(duration) else {
        throw SettingError("is outside its limits; write a duration \(rule)")
      }
      return duration
    } text: {
      QuantityText.text($0)
    }
  }

  /// Returns the type of a number of bytes within a limit; `example` is a value for messages.
  static func bytes(_ place: Place<Int>, _ limit: Limit<Int>, example: String) -> SettingValue {
    let rule = "\(limit.text), for example \(example)"
    return SettingValue(place, limits: limit.span) { (text: String) throws(SettingError) in
      guard let bytes = QuantityText.bytes(text) else {
        throw SettingError("is not a size; write a whole number of bytes, or one with KiB, MiB, GiB or TiB, \(rule)")
      }
      guard limit.range.contains(bytes) else { throw SettingError("is outside its limits; write a size \(rule)") }
      return bytes
    } text: {
      QuantityText.text(bytes: $0)
    }
  }

  static func count(_ place: Place<Int>, _ range: ClosedRange<Int>) -> SettingValue {
    SettingValue(place, limits: "\(range.lowerBound) to \(range.upperBound)") { (text: String) throws(SettingError) in
      guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(text), range.contains(count) else {
        throw SettingError("is not a whole number from \(range.lowerBound) to \(range.upperBound); write one")
      }
      return count
    } text: {
      "\($0)"
    }
  }

  static func flag(_ place: Place<Bool>) -> SettingValue {
    SettingValue(place, choices: ["true", "false"]) { (text: String) throws(SettingError) in
      switch text {
      case "true": return true
      case "false": return false
      default: throw SettingError("is neither true nor false; write one of them")
      }
    } text: {
      "\($0)"
    }
  }

  static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(_ place: Place<Value>) -> SettingValue {
    let all = Value.allCases.map(\.rawValue)
    return SettingValue(place, choices: all) { (text: String) throws(SettingError) in
      guard let value = Value(rawValue: text) else {
        let meant = Suggestion.nearest(to: text, among: all).map { "; did you mean \($0)?" } ?? ""
        throw SettingError("is not known; write \(all.joined(separator: " or "))\(meant)")
      }
      return value
    } text: {
      $0.rawValue
    }
  }

  /// Returns the type of a text without control characters.
  ///
  /// `check` refuses texts of another form, and returns the value for the place.
  static func line(
    _ place: Place<String>, bytes: ClosedRange<Int>,
    _ check: @escaping @Sendable (String) throws(SettingError) -> String = { $0 }
  ) -> SettingValue {
    SettingValue(place) { (text: String) throws(SettingError) in
      try check(SettingText.line(text, bytes: bytes))
    } text: {
      $0
    }
  }

  /// Returns the type of a set of words in one line.
  static func words(
    _ place: Place<Set<String>>, bytes: ClosedRange<Int>,
    _ split: @escaping @Sendable (String) throws(SettingError) -> Set<String>
  ) -> SettingValue {
    SettingValue(place) { (text: String) throws(SettingError) in
      try split(SettingText.line(text, bytes: bytes))
    } text: {
      $0.sorted().joined(separator: " ")
    }
  }

  /// Returns the type of an ordered list of file paths in one line, separated by commas.
  static func files(_ place: Place<[String]>, count: ClosedRange<Int>) -> SettingValue {
    SettingValue(place) { (text: String) throws(SettingError) in
      let paths = try SettingText.paths(SettingText.line(text, bytes: 0...4096))
      guard count.contains(paths.count) else {
        throw SettingError("names \(paths.count) files; name at most \(count.upperBound)")
      }
      return paths
    } text: {
      $0.joined(separator: ", ")
    }
  }

  /// Returns the choices in a sentence: `always, interval or none`.
  static func sentence<Value: RawRepresentable<String> & CaseIterable>(of type: Value.Type) -> String {
    let all = type.allCases.map(\.rawValue)
    return [all.dropLast().joined(separator: ", "), all.last ?? ""].filter { !$0.isEmpty }.joined(separator: " or ")
  }
}
