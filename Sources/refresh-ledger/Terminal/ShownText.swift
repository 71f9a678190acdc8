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
