/// A client's grace window as people write it: `500ms`, `30s`, `5m`.
enum GraceText {
  /// The longest grace window.
  static let longest = Duration.seconds(300)
  static let rule = "must be 0s to 300s (5m), written as 500ms, 30s or 5m"

  /// Nil where the text is not a number with the unit `ms`, `s` or `m`, or the time is longer than ``longest``.
  static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count <= 6, let number = Int(digits) else { return nil }
    let window: Duration
    switch text.dropFirst(digits.count) {
    case "ms": window = .milliseconds(number)
    case "s": window = .seconds(number)
    case "m": window = .seconds(number * 60)
    default: return nil
    }
    return window <= longest ? window : nil
  }

  /// Nil where the time is negative, longer than ``longest`` or not a whole number of milliseconds.
  static func format(_ window: Duration) -> String? {
    guard window >= .zero, window <= longest else { return nil }
    let (seconds, attoseconds) = window.components
    guard attoseconds > 0 else { return "\(seconds)s" }
    let (milliseconds, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
    return rest == 0 ? "\(seconds * 1000 + milliseconds)ms" : nil
  }
}
