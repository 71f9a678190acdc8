/// Durations as people write them: a whole number followed by a unit.
package enum DurationText {
  /// Returns the duration that a text such as `500ms`, `30s`, `15m`, `12h` or `30d` stands for, or nil for any other
  /// text and for more than a thousand years.
  package static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 18, let count = Int64(digits) else { return nil }
    let milliseconds: Int64
    switch text[digits.endIndex...] {
    case "ms": milliseconds = 1
    case "s": milliseconds = 1000
    case "m": milliseconds = 60_000
    case "h": milliseconds = 3_600_000
    case "d": milliseconds = millisecondsOfADay
    default: return nil
    }
    let (total, overflow) = count.multipliedReportingOverflow(by: milliseconds)
    guard !overflow, total <= 1000 * 366 * millisecondsOfADay else { return nil }
    return .milliseconds(total)
  }

  /// Returns the duration in days, seconds or milliseconds, or nil if it is negative or not a whole number of
  /// milliseconds.
  package static func format(_ duration: Duration) -> String? {
    let milliseconds = duration.wholeMilliseconds
    guard milliseconds >= 0, .milliseconds(milliseconds) == duration else { return nil }
    if milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
    if milliseconds > 0, milliseconds % millisecondsOfADay == 0 { return "\(milliseconds / millisecondsOfADay)d" }
    return "\(milliseconds / 1000)s"
  }

  private static let millisecondsOfADay: Int64 = 86_400_000
}

extension Duration {
  /// The duration in whole milliseconds, rounded down; it saturates on overflow.
  package var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds > 0 ? .max : .min }
    return milliseconds.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
  }
}
