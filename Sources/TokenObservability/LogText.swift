/// Text from outside as it may stand in a log line.
package enum LogText {
  private static let scalarsMax = 256

  /// `text` on one line: without control characters, line separators and marks that turn the direction of the text,
  /// and cut where it is long.
  package static func line(_ text: String) -> String {
    let kept = text.unicodeScalars.lazy.filter { !changesTheLine($0) }.prefix(scalarsMax)
    return String(String.UnicodeScalarView(kept))
  }

  private static func changesTheLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
