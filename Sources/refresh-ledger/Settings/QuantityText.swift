import TokenEngine

/// Byte sizes and durations as people write them.
///
/// ``DurationText`` parses the durations.
enum QuantityText {
  private static let sizes: [(shift: Int, name: String)] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")]

  /// Returns the number of bytes in `65536`, `512B`, `16KiB`, `64MiB`, `1GiB` or `1TiB`, or nil for any other text and
  /// for more than a pebibyte.
  static func bytes(_ text: String) -> Int? {
    guard let (count, unit) = parts(of: text) else { return nil }
    let shift: Int
    if unit == "" || unit == "B" {
      shift = 0
    } else if let size = sizes.first(where: { $0.name == unit }) {
      shift = size.shift
    } else {
      return nil
    }
    guard count <= (1 << 50) >> shift else { return nil }
    return Int(count) << shift
  }

  /// Returns the size in the largest unit that divides it.
  static func text(bytes count: Int) -> String {
    for (shift, name) in sizes where count >= 1 << shift && count % (1 << shift) == 0 {
      return "\(count >> shift)\(name)"
    }
    return "\(count)B"
  }

  /// Returns the duration in the largest unit that divides it.
  static func text(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
    for (size, name) in units where milliseconds >= size && milliseconds % size == 0 {
      return "\(milliseconds / size)\(name)"
    }
    return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
  }

  /// Returns the digits and the text after them.
  private static func parts(of text: String) -> (Int64, Substring)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 18, let count = Int64(digits) else { return nil }
    return (count, text[digits.endIndex...])
  }
}

extension Limit<Duration> {
  static func durations(_ range: ClosedRange<Duration>) -> Limit<Duration> {
    Limit(range, "from \(QuantityText.text(range.lowerBound)) to \(QuantityText.text(range.upperBound))")
  }
}

extension Limit<Int> {
  static func bytes(_ range: ClosedRange<Int>) -> Limit<Int> {
    Limit(
      range, "from \(QuantityText.text(bytes: range.lowerBound)) to \(QuantityText.text(bytes: range.upperBound))")
  }
}
