internal import TokenLedger

/// Whose sessions, in words.
enum ScopeText {
  static func words(_ scope: SessionScope) -> HTML {
    switch scope {
    case .subject(let subject): "those of \(FigureText.name(subject))"
    case .client(let client): "those of the client \(FigureText.name(client))"
    case .subjectAtClient(let subject, let client):
      "those of \(FigureText.name(subject)) at the client \(FigureText.name(client))"
    case .all: "all there were"
    }
  }
}
