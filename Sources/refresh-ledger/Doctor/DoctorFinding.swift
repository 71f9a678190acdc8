/// A finding of `doctor`.
struct DoctorFinding: Encodable {
  enum Verdict: String, Encodable {
    case ok
    /// A fact worth knowing that needs no action.
    case note
    case warning
    case problem

    fileprivate var color: String {
      switch self {
      case .ok: "32"
      case .note: "36"
      case .warning: "33"
      case .problem: "31"
      }
    }
  }

  var verdict: Verdict
  /// The checked object.
  var check: String
  /// The state of the object.
  var what: String
  /// The step that fixes it, or nil if there is nothing to do.
  var fix: String?

  static func ok(_ check: String, _ what: String) -> DoctorFinding {
    DoctorFinding(verdict: .ok, check: check, what: what)
  }

  static func note(_ check: String, _ what: String, fix: String? = nil) -> DoctorFinding {
    DoctorFinding(verdict: .note, check: check, what: what, fix: fix)
  }

  static func warning(_ check: String, _ what: String, fix: String) -> DoctorFinding {
    DoctorFinding(verdict: .warning, check: check, what: what, fix: fix)
  }

  static func problem(_ check: String, _ what: String, fix: String? = nil) -> DoctorFinding {
    DoctorFinding(verdict: .problem, check: check, what: what, fix: fix)
  }

  /// Returns the finding in one line, and its fix in another.
  func text(inColor: Bool) -> String {
    let word = FigureText.left(verdict.rawValue, 8)
    let shown = inColor ? "\u{1B}[\(verdict.color)m\(word)\u{1B}[0m" : word
    let first = "\(shown) \(FigureText.left(check, 13)) \(what.shown)\n"
    return first + (fix.map { String(repeating: " ", count: 23) + "fix: \($0.shown)\n" } ?? "")
  }
}

/// Names that look like others, each with its characters written out.
struct SpelledNames {
  private let names: [String]
  private static let shownMax = 5

  /// Creates the names, or returns nil if there are none.
  init?(_ names: [String]) {
    guard !names.isEmpty else { return nil }
    self.names = names
  }

  /// The names as text: `josé (written "jose\u{0301}"), ...`.
  var words: String {
    let shown = names.prefix(Self.shownMax).map { name in
      let spelled = name.unicodeScalars.map { $0.isASCII ? String($0) : $0.escaped(asASCII: true) }.joined()
      return "\(name) (written \"\(spelled)\")"
    }
    let more = names.count - shown.count
    return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
