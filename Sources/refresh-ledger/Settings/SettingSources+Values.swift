import TokenEngine

/// The values of settings by kind; each is refused with its place, what is wrong and the fix.
extension SettingSources {
  func duration(
    _ key: SettingKey, default standard: Duration, in range: ClosedRange<Duration>, _ limit: String
  ) throws(CommandFailure) -> Duration {
    guard let text = text(key) else { return standard }
    guard let duration = DurationText.parse(text) else {
      throw fault(key, "is not a duration; write a whole number and a unit (ms, s, m, h or d), \(limit)")
    }
    guard range.contains(duration) else {
      throw fault(key, "is outside its limits; write a duration \(limit)")
    }
    return duration
  }

  func bytes(
    _ key: SettingKey, default standard: Int, in range: ClosedRange<Int>, _ limit: String
  ) throws(CommandFailure) -> Int {
    guard let text = text(key) else { return standard }
    guard let bytes = QuantityText.bytes(text) else {
      throw fault(key, "is not a size; write a whole number of bytes, or one with KiB, MiB, GiB or TiB, \(limit)")
    }
    guard range.contains(bytes) else { throw fault(key, "is outside its limits; write a size \(limit)") }
    return bytes
  }

  func count(_ key: SettingKey, default standard: Int, in range: ClosedRange<Int>) throws(CommandFailure) -> Int {
    guard let text = text(key) else { return standard }
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(text), range.contains(count) else {
      throw fault(key, "is not a whole number from \(range.lowerBound) to \(range.upperBound); write one")
    }
    return count
  }

  func flag(_ key: SettingKey, default standard: Bool) throws(CommandFailure) -> Bool {
    switch text(key) {
    case nil: return standard
    case "true": return true
    case "false": return false
    default: throw fault(key, "is neither true nor false; write one of them")
    }
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _ key: SettingKey, default standard: Value
  ) throws(CommandFailure) -> Value where Value.RawValue == String {
    guard let text = text(key) else { return standard }
    guard let value = Value(rawValue: text) else {
      let all = Value.allCases.map(\.rawValue)
      let meant = Suggestion.nearest(to: text, among: all).map { "; did you mean \($0)?" } ?? ""
      throw fault(key, "is not known; write \(all.joined(separator: " or "))\(meant)")
    }
    return value
  }

  /// Text without control characters.
  func line(_ key: SettingKey, default standard: String, bytes: ClosedRange<Int>) throws(CommandFailure) -> String {
    guard let text = text(key) else { return standard }
    guard bytes.contains(text.utf8.count) else {
      throw fault(key, "has \(text.utf8.count) bytes; write \(bytes.lowerBound) to \(bytes.upperBound)")
    }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw fault(key, "holds a control character; write printable characters")
    }
    return text
  }
}
