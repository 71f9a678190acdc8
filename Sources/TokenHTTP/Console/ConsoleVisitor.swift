internal import TokenEngine

/// Whoever is signed in and asks.
struct ConsoleVisitor: Sendable {
  let session: ConsoleSession
  let cookie: String

  /// What every form that changes anything holds.
  var formField: HTML {
    "<input type=\"hidden\" name=\"form_token\" value=\"\(session.formToken.text)\">"
  }
}

extension ConsoleVisitor: RedactedValue {}
