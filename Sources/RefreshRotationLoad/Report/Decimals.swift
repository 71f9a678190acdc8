internal import Platform

/// The number formats of reports.
enum Decimals {
  /// Returns a number rounded to four significant digits.
  static func round(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return 0 }
    let scale = power(10, 3 - RealFunctions.decimalLogarithm(abs(value)).rounded(.down))
    return (value * scale).rounded() / scale
  }

  static func power(_ base: Double, _ exponent: Double) -> Double { RealFunctions.power(base, exponent) }

  static func logarithm(_ value: Double, base: Double) -> Double {
    RealFunctions.naturalLogarithm(value) / RealFunctions.naturalLogarithm(base)
  }

  /// Returns a number with commas between thousands.
  static func grouped(_ value: Int) -> String {
    let digits = String(abs(value))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// Returns a number with about three significant digits, and without meaningless zeroes.
  static func short(_ value: Double) -> String {
    if abs(value) >= 100 { return grouped(Int(value.rounded())) }
    let digits = abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    let scale = power(10, Double(digits))
    let text = "\((value * scale).rounded() / scale)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Returns a percentile as people write it: `99.9 %`.
  static func percent(_ value: Double) -> String {
    let text = "\((value * 10_000).rounded() / 10_000)"
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
  }
}
