/// The formats of figures for people.
enum FigureText {
  /// Returns the number with its whole digits in groups of three, and with the given number of decimals.
  static func number(_ value: Double, decimals: Int = 0) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "-" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let whole = grouped(String(scaled / Int64(scale)))
    guard decimals > 0 else { return sign + whole }
    let rest = String(scaled % Int64(scale))
    return "\(sign)\(whole).\(String(repeating: "0", count: decimals - rest.count))\(rest)"
  }

  /// Returns the number without decimals from 100 on, and below with as many as are meaningful.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    if digits == 0 { return count(Int(rounded)) }
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Returns the number with its digits in groups of three.
  static func count(_ value: Int) -> String {
    (value < 0 ? "-" : "") + grouped(String(value.magnitude))
  }

  /// Returns a count with its noun: `1 error`, `2 errors`.
  static func counted(_ count: Int, _ what: String) -> String {
    "\(self.count(count)) \(what)\(count == 1 ? "" : "s")"
  }

  /// Returns a count of entries: `1 entry`, `2 entries`.
  static func entries(_ count: Int) -> String {
    "\(self.count(count)) \(count == 1 ? "entry" : "entries")"
  }

  /// Returns a duration in seconds: `12.3 s`.
  static func seconds(_ time: Duration) -> String { "\((time / .milliseconds(100)).rounded() / 10) s" }

  /// Returns a size: `512 B`, `12.5 KiB`, `3.0 GiB`.
  static func bytes(_ value: Double) -> String {
    guard abs(value) >= 1024 else { return "\(number(value)) B" }
    var (value, unit) = (value / 1024, 0)
    let units = ["KiB", "MiB", "GiB", "TiB"]
    while abs(value) >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return "\(number(value, decimals: 1)) \(units[unit])"
  }

  /// Returns a duration: `4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
  static func time(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "-" }
    let seconds = Int64(max(0, seconds).rounded(.up))
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    default: return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
    }
  }

  /// Returns a latency: `0.25 ms`, `1.2 s`.
  static func latency(seconds: Double) -> String {
    seconds < 1 ? "\(number(seconds * 1000, decimals: 2)) ms" : "\(number(seconds, decimals: 2)) s"
  }

  /// Returns the text, padded with spaces on the left.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// Returns the text, padded with spaces on the right.
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func grouped(_ digits: String) -> String {
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }
}
