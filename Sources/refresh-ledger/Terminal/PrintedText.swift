import FoundationEssentials

/// Rows of text in aligned columns, two spaces apart.
struct TextTable {
  private var rows: [[String]]

  init(_ header: String...) {
    rows = [header]
  }

  mutating func append(_ cells: String...) {
    rows.append(cells.map(\.shown))
  }

  /// The rows, one on each line, without trailing spaces.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell + String(repeating: " ", count: width - cell.count + 2)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// The JSON that `--json` prints: on one line, with sorted members.
enum JSONText {
  static func line(_ value: some Encodable) throws(CommandError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw CommandError(.internalFault, "cannot encode the answer as JSON; leave --json out")
    }
  }
}

/// Texts for a shell.
enum ShellText {
  /// Returns the text as one word of a shell.
  static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy {
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,".utf8.contains($0)
      }
    guard !isPlain else { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

extension String {
  /// The text for a terminal if others chose it: characters that a terminal takes for a command, or that change the
  /// order of others, are replaced.
  var shown: String {
    // Nearly all texts are plain.
    guard !utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map(Unicode.Scalar.shown)))
  }
}

extension Unicode.Scalar {
  fileprivate static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
    default: scalar
    }
  }
}
