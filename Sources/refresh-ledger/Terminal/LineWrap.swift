/// Lines for a terminal that is too narrow for them.
enum LineWrap {
  /// How far the rest of a line is moved in.
  private static let indent = 4

  /// The line in pieces of at most `width` columns. It breaks between words, so that no figure is shown in part; only a word that is wider
  /// than the terminal is cut.
  static func pieces(_ line: String, width: Int) -> [String] {
    guard line.count > width, width > 0 else { return [line] }
    var pieces: [String] = []
    var rest = line[...]
    while rest.count > width {
      let limit = rest.index(rest.startIndex, offsetBy: width)
      // A space right behind the limit ends a word that just fits.
      let shown = rest[...limit]
      let words = shown.prefix { $0 == " " }.endIndex
      guard let space = shown[words...].lastIndex(of: " ") else {
        pieces.append(String(rest[..<limit]))
        rest = rest[limit...].drop { $0 != " " }.drop { $0 == " " }
        continue
      }
      pieces.append(trimmed(rest[..<space]))
      let tail = rest[space...].drop { $0 == " " }
      guard !tail.isEmpty else { return pieces }
      rest = Substring(String(repeating: " ", count: min(indent, width / 2)) + tail)
    }
    if !rest.isEmpty { pieces.append(String(rest)) }
    return pieces
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
