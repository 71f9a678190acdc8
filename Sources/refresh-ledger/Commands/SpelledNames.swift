/// Names that look like others: each with what it is made of, for people.
struct SpelledNames {
  private let names: [String]
  private static let shownMax = 5

  /// Nil where there are none.
  init?(_ names: [String]) {
    guard !names.isEmpty else { return nil }
    self.names = names
  }

  /// `josé (written "jose\u{0301}"), ...`.
  var words: String {
    let shown = names.prefix(Self.shownMax).map { name in
      let spelled = name.unicodeScalars.map { $0.isASCII ? String($0) : $0.escaped(asASCII: true) }.joined()
      return "\(name) (written \"\(spelled)\")"
    }
    let more = names.count - shown.count
    return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
