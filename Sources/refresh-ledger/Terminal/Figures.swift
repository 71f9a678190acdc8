/// Numbers for people.
enum Figures {
  /// Whole from 100 on, with commas between thousands; below with as many digits as say something.
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    if digits == 0 { return grouped(Int(rounded)) }
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `1 error`, `2 errors`.
  static func counted(_ count: Int, _ what: String) -> String {
    "\(grouped(count)) \(what)\(count == 1 ? "" : "s")"
  }

  static func seconds(_ time: Duration) -> String { "\((time / .milliseconds(100)).rounded() / 10) s" }
}
