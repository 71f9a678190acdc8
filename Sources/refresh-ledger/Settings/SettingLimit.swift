import TokenLedger

/// The values that a setting takes, and the words that messages, help and documents say them in.
struct SettingLimit<Value: Comparable & Sendable>: Sendable {
  let range: ClosedRange<Value>
  /// `from 1ms to 30d`.
  let text: String

  init(_ range: ClosedRange<Value>, _ text: String) {
    self.range = range
    self.text = text
  }

  /// `1ms to 30d`.
  var span: String { text.hasPrefix("from ") ? String(text.dropFirst(5)) : text }

  /// `30d`.
  var most: String { text.split(separator: " ").last.map(String.init) ?? text }
}

extension SettingLimit<Duration> {
  static func durations(_ range: ClosedRange<Duration>) -> SettingLimit<Duration> {
    SettingLimit(range, "from \(QuantityText.text(range.lowerBound)) to \(QuantityText.text(range.upperBound))")
  }
}

extension SettingLimit<Int> {
  static func bytes(_ range: ClosedRange<Int>) -> SettingLimit<Int> {
    SettingLimit(
      range, "from \(QuantityText.text(bytes: range.lowerBound)) to \(QuantityText.text(bytes: range.upperBound))")
  }
}

/// The limits of the engine's options, which ``EngineOptions/validate()`` checks again for those who embed it.
enum EngineLimit {
  private static let aMillisecond = Duration.milliseconds(1)
  private static let aCentury = Duration.milliseconds(Lifetimes.millisecondsMax)

  static let accessLifetime = SettingLimit.durations(aMillisecond...(.milliseconds(Lifetimes.accessMillisecondsMax)))
  static let idleLifetime = SettingLimit.durations(aMillisecond...aCentury)
  static let absoluteLifetime = SettingLimit.durations(aMillisecond...aCentury)
  static let grace = SettingLimit(
    Duration.zero...(.milliseconds(RotationRequest.graceMillisecondsMax)), "from 0s to 300s")
  static let sessionsPerSubject = 0...10_000
  static let syncInterval = SettingLimit.durations(aMillisecond...(.seconds(3600)))
  static let segmentBytes = SettingLimit.bytes((64 << 10)...(4 << 30))
  static let checkpointEvery = SettingLimit.bytes((1 << 20)...(1 << 40))
}
