internal import TokenLedger

/// Who is signed in to the console.
enum ConsoleUser: Sendable, Hashable {
  /// Whoever opened the link that was printed where the server runs.
  case link
  /// An admin client as it was when it signed in: one that was added again since under its id is another.
  case client(id: String, version: AccountVersion)

  /// For pages.
  var name: String {
    switch self {
    case .link: "one-time link"
    case .client(let id, _): id
    }
  }

  /// For log lines, in which a client that is called as the other cannot be taken for it.
  var logText: String {
    switch self {
    case .link: "link"
    case .client(let id, _): LogText.line("client \(id)")
    }
  }
}
