import TokenEngine
import TokenLedger

/// The least and the most that a setting takes, with the words by which messages, help and documents say them.
struct SettingLimit<Bound: Comparable & Sendable>: Sendable {
  let range: ClosedRange<Bound>
  /// The lower bound, as people write it.
  let least: String
  /// The upper bound, as people write it.
  let most: String

  init(_ range: ClosedRange<Bound>, least: String, most: String) {
    self.range = range
    self.least = least
    self.most = most
  }

  /// `from 1ms to 30d`.
  var words: String { "from \(least) to \(most)" }
}

extension SettingLimit<Duration> {
  /// - Parameter most: the upper bound in another unit than the largest that it is a whole number of.
  init(_ range: ClosedRange<Duration>, most: String? = nil) {
    self.init(
      range, least: QuantityText.text(range.lowerBound), most: most ?? QuantityText.text(range.upperBound))
  }
}

extension SettingLimit<Int> {
  static func bytes(_ range: ClosedRange<Int>) -> SettingLimit<Int> {
    SettingLimit(
      range, least: QuantityText.text(bytes: range.lowerBound), most: QuantityText.text(bytes: range.upperBound))
  }
}

/// The limits of the engine's options, which ``EngineOptions/validate()`` checks again for those who embed it.
enum EngineLimit {
  private static let aMillisecond = Duration.milliseconds(1)
  private static let aCentury = Duration.milliseconds(Lifetimes.millisecondsMax)

  static let accessLifetime = SettingLimit(aMillisecond...(.milliseconds(Lifetimes.accessMillisecondsMax)))
  static let idleLifetime = SettingLimit(aMillisecond...aCentury)
  static let absoluteLifetime = SettingLimit(aMillisecond...aCentury)
  static let grace = SettingLimit(.zero...(.milliseconds(RotationRequest.graceMillisecondsMax)), most: "300s")
  static let sessionsPerSubject = 0...10_000
  static let syncInterval = SettingLimit(aMillisecond...(.seconds(3600)))
  static let segmentBytes = SettingLimit.bytes((64 << 10)...(4 << 30))
  static let checkpointEvery = SettingLimit.bytes((1 << 20)...(1 << 40))
}
