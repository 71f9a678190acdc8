internal import TokenLedger

/// The words for facts of the ledger: the scope of a revocation, the end of a session, the class of a reuse.
enum LedgerText {
  static func words(_ scope: SessionScope) -> HTML {
    switch scope {
    case .subject(let subject): "those of \(FigureText.name(subject))"
    case .client(let client): "those of the client \(FigureText.name(client))"
    case .subjectAtClient(let subject, let client):
      "those of \(FigureText.name(subject)) at the client \(FigureText.name(client))"
    case .all: "all there were"
    }
  }

  static func words(_ end: EndedSession.End) -> HTML {
    switch end {
    case .expired: "Expired"
    case .revoked(let cause): "\(words(cause))"
    case .revokedAll(let scope): "Revoked with \(words(scope))"
    }
  }

  /// Returns the words for the cause of a revocation; nil stands for one that is no longer known.
  static func words(_ cause: RevocationCause?) -> String {
    switch cause {
    case nil: "Revoked"
    case .requested: "Revoked on request"
    case .reuse: "Revoked: a used token came again"
    case .rollback: "Revoked: the ledger was rolled back"
    case .evicted: "Revoked: its subject had too many"
    }
  }

  static func words(_ reuse: ReuseClass) -> String {
    switch reuse {
    case .retry: "a retry, its reply was lost"
    case .race: "within a second of its rotation"
    case .lateParent: "after its grace window"
    case .staleLineage: "a copy, several rotations old"
    }
  }
}
