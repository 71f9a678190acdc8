import ArgumentParser
import TokenEngine
import TokenLedger

/// A session as the command line names it.
enum SessionArgument {
  static let help = ArgumentHelp("The session: the claim sid of its tokens.", valueName: "sid")

  static func parse(_ text: String) throws -> SessionID {
    guard let id = SessionID(text: text) else {
      // A longer text may be a token that was pasted here.
      let shown = text.utf8.count <= 22 && !text.contains(where: \.isNewline) ? "'\(text)'" : "what was given"
      throw ValidationError("\(shown) is not a session id: ids have 16 characters, as the claim sid shows them")
    }
    return id
  }
}

/// The subject and the client whose sessions a command concerns.
struct SessionScopeOptions: ParsableArguments {
  @Option(help: "Only sessions of this subject.", transform: NameForm.typed)
  var subject: String?

  @Option(help: "Only sessions of this client.", transform: NameForm.typed)
  var client: String?

  /// The scope, or nil if neither is named.
  var scope: SessionScope? {
    switch (subject, client) {
    case (nil, nil): nil
    case (let subject?, nil): .subject(subject)
    case (nil, let client?): .client(client)
    case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
    }
  }
}

/// The options for a running server that is asked over HTTP, in place of a data folder.
struct AdminServerOptions: ParsableArguments {
  @Option(
    help: """
      Ask this server, such as http://127.0.0.1:8080, followed by its http.pathPrefix if it has one, in place of a data \
      folder or a database.
      """)
  var url: String?

  @Option(name: .customLong("client-id"), help: "With --url: a client that was added with --admin.")
  var clientID: String?

  @Flag(
    name: .customLong("secret-stdin"),
    help: "With --url: read the client's secret as one line from the standard input.")
  var readsSecret = false

  @Option(help: "With --url: a PEM file of the certificates to trust, if this system does not trust the server's.")
  var cacert: String?

  func validate() throws {
    if let url {
      guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
        throw ValidationError("--url is an address such as http://127.0.0.1:8080")
      }
      guard clientID != nil, readsSecret else {
        throw ValidationError("--url needs an admin client: give --client-id and pipe its secret into --secret-stdin")
      }
    } else if clientID != nil || readsSecret || cacert != nil {
      throw ValidationError("--client-id, --secret-stdin and --cacert go with --url")
    }
  }

  /// Returns the server, or nil if none is named.
  func server() throws(CommandError) -> AdminServer? {
    guard let url, let clientID else { return nil }
    return AdminServer(
      url: url.hasSuffix("/") ? String(url.dropLast()) : url, client: clientID, secret: try InputLine.read("secret"),
      certificates: cacert)
  }
}
