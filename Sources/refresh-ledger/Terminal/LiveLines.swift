import Platform
import SystemPackage

/// A few lines on the standard error output that are redrawn in place, on a terminal only.
struct LiveLines: ~Copyable {
  private var drawn = 0

  /// Creates lines that are not drawn yet, or returns nil if no person watches.
  init?() {
    guard Terminal.isTerminal(.standardError), Terminal.environment["TERM"] != "dumb" else { return nil }
  }

  mutating func show(_ lines: [String]) {
    let lines = lines.flatMap { LineWrap.pieces($0, width: LiveLines.width) }
    var text = start
    for (index, line) in lines.enumerated() {
      text += "\u{1B}[2K\(line)"
      if index + 1 < lines.count { text += "\n" }
    }
    // This clears lines that were drawn below before, since the number of lines varies.
    text += "\u{1B}[J"
    drawn = lines.count
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }

  /// Clears the lines; the next output takes their place.
  mutating func clear() {
    guard drawn > 0 else { return }
    _ = try? FileDescriptor.standardError.writeAll((start + "\u{1B}[J").utf8)
    drawn = 0
  }

  deinit {
    if drawn > 0 { _ = try? FileDescriptor.standardError.writeAll("\n".utf8) }
  }

  /// The sequence that moves to the first column of the first line.
  private var start: String { drawn > 1 ? "\r\u{1B}[\(drawn - 1)A" : "\r" }

  /// The columns of the terminal, since a line that wraps would move the others.
  private static var width: Int { TerminalDevice(.standardError).size?.columns ?? 80 }
}

/// The wrapping of lines that are too wide for a terminal.
enum LineWrap {
  /// The columns by which the rest of a line is indented.
  private static let indent = 4

  /// Returns the line in pieces of at most `width` columns.
  ///
  /// They break between words, so that no figure is shown in part; only a word that is wider than the terminal is cut.
  static func pieces(_ line: String, width: Int) -> [String] {
    guard line.count > width, width > 0 else { return [line] }
    var pieces: [String] = []
    var rest = line[...]
    while rest.count > width {
      let limit = rest.index(rest.startIndex, offsetBy: width)
      // A space right after the limit ends a word that just fits.
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

/// Values as a row of small bars, the highest as high as a letter.
enum Sparkline {
  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// Returns the last `width` values as bars, from 0 up.
  static func text(_ values: [Double], width: Int) -> String {
    let shown = values.suffix(max(width, 0))
    let most = shown.max() ?? 0
    guard most > 0 else { return String(repeating: "▁", count: shown.count) }
    return String(shown.map { bars[min(Int(max($0, 0) / most * Double(bars.count)), bars.count - 1)] })
  }
}
