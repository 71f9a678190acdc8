internal import TokenLedger

/// How a session ended, in words.
enum EndText {
  static func words(_ end: EndedSession.End) -> HTML {
    switch end {
    case .expired: "Expired"
    case .revoked(let cause): "\(words(cause))"
    case .revokedAll(let scope): "Revoked with \(ScopeText.words(scope))"
    }
  }

  /// - Parameter cause: nil where it is not known any more.
  static func words(_ cause: RevocationCause?) -> String {
    switch cause {
    case nil: "Revoked"
    case .requested: "Revoked on request"
    case .reuse: "Revoked: a used token came again"
    case .rollback: "Revoked: the log was rolled back"
    case .evicted: "Revoked: its subject had too many"
    }
  }
}
