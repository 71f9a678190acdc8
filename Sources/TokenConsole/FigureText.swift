internal import FoundationEssentials
internal import Platform
internal import TokenLedger

/// The formats of numbers, times and names on the console's pages.
enum FigureText {
  /// Returns a number with commas between thousands.
  static func count(_ number: UInt64) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  static func count(_ number: Int) -> String { count(UInt64(clamping: number)) }

  static func ordinal(_ number: UInt32) -> String {
    let ending =
      switch (number % 10, number % 100) {
      case (_, 11...13): "th"
      case (1, _): "st"
      case (2, _): "nd"
      case (3, _): "rd"
      default: "th"
      }
    return count(UInt64(number)) + ending
  }

  /// Returns the events a second, with a decimal below 100 unless they are 0.
  static func rate(_ value: Double) -> String {
    value == 0 ? "0" : value >= 99.95 ? count(UInt64(value.rounded())) : decimal(value)
  }

  static func bytes(_ count: UInt64) -> String {
    guard count >= 1024 else { return "\(count) B" }
    var value = Double(count)
    var unit = ""
    for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 || unit.isEmpty {
      value /= 1024
      unit = next
    }
    return "\(decimal(value)) \(unit)"
  }

  /// Returns a duration from microseconds to seconds.
  static func milliseconds(_ duration: Duration) -> String {
    let value = duration / .milliseconds(1)
    if value >= 1000 { return "\(decimal(value / 1000)) s" }
    guard value < 10 else { return "\(decimal(value)) ms" }
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
  }

  /// Returns an approximate duration in one unit.
  static func span(milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3600) h"
    default: return "\(seconds / 86_400) d"
    }
  }

  /// Returns a time in UTC, to the second or to the millisecond.
  static func time(_ moment: Timestamp, exact: Bool = false) -> HTML {
    let text = iso(moment, exact: exact)
    let words = text.replacing("T", with: " ").replacing("Z", with: "")
    return "<time datetime=\"\(text)\">\(words)</time>"
  }

  /// Returns the time since or until a moment, with the moment as its title.
  static func age(_ moment: Timestamp, at now: Timestamp) -> HTML {
    let difference = now.millisecondsSince(moment)
    // Future times in days are rounded, so that thirty days less a second are not shown as 29.
    let left = -difference + (difference < -172_800_000 ? 43_200_000 : 0)
    let words = difference >= 0 ? "\(span(milliseconds: difference)) ago" : "in \(span(milliseconds: left))"
    let text = iso(moment, exact: false)
    let title = text.replacing("T", with: " ").replacing("Z", with: " UTC")
    return "<time datetime=\"\(text)\" title=\"\(title)\">\(words)</time>"
  }

  /// Returns a name that somebody chose, isolated in its text direction.
  static func name(_ text: String) -> HTML { "<bdi>\(text)</bdi>" }

  /// Returns the escaped value of a query parameter or a path segment.
  static func escaped(_ value: String) -> String {
    var text = ""
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        text += "%" + String(byte, digits: 2, uppercase: true)
      }
    }
    return text
  }

  private static func decimal(_ value: Double) -> String {
    let tenths = UInt64(max(0, min(value, 1e15)) * 10 + 0.5)
    return "\(count(tenths / 10)).\(tenths % 10)"
  }

  private static func iso(_ moment: Timestamp, exact: Bool) -> String {
    Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: exact))
  }
}
