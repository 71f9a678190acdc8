/// Byte sizes as people write them: a whole number of bytes, or one with a unit.
enum QuantityText {
  /// `65536`, `512B`, `16KiB`, `64MiB`, `1GiB`, `1TiB`; nil for anything else and for more than a pebibyte.
  static func bytes(_ text: String) -> Int? {
    guard let (count, unit) = split(text) else { return nil }
    let shift: Int
    switch unit {
    case "", "B": shift = 0
    case "KiB": shift = 10
    case "MiB": shift = 20
    case "GiB": shift = 30
    case "TiB": shift = 40
    default: return nil
    }
    guard count <= (1 << 50) >> shift else { return nil }
    return Int(count) << shift
  }

  /// The digits and what follows them.
  private static func split(_ text: String) -> (Int64, Substring)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 18, let count = Int64(digits) else { return nil }
    return (count, text[digits.endIndex...])
  }
}
