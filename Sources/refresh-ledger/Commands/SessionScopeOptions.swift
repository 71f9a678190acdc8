import ArgumentParser
import TokenLedger

/// Whose sessions a command is about.
struct SessionScopeOptions: ParsableArguments {
  @Option(help: "Those of this subject.", transform: NameForm.typed)
  var subject: String?

  @Option(help: "Those of this client.", transform: NameForm.typed)
  var client: String?

  /// Nil where neither is named.
  var scope: SessionScope? {
    switch (subject, client) {
    case (nil, nil): nil
    case (let subject?, nil): .subject(subject)
    case (nil, let client?): .client(client)
    case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
    }
  }
}
