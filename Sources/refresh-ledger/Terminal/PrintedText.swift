import FoundationEssentials

/// Rows of text in columns that line up, two spaces apart.
struct TextTable {
  private var rows: [[String]]

  init(_ header: String...) {
    rows = [header]
  }

  mutating func append(_ cells: String...) {
    rows.append(cells.map(\.shown))
  }

  /// A line for each row, without spaces at its end.
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

/// What `--json` prints: members sorted, on one line.
enum JSONText {
  static func line(_ value: some Encodable) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw CommandFailure(.internalFault, "cannot encode the answer as JSON; leave --json out")
    }
  }
}

extension String {
  /// What others chose, for a terminal: what it would take for a command, or show in another order, is replaced.
  var shown: String {
    // What nearly all text is.
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
