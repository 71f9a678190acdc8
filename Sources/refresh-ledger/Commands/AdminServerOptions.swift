import ArgumentParser

/// A running server that is asked over HTTP, in place of a data folder.
struct AdminServerOptions: ParsableArguments {
  @Option(help: "Ask this server, such as http://127.0.0.1:8080, in place of reading a data folder.")
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

  /// Nil where no server is named.
  func server() throws(CommandFailure) -> AdminServer? {
    guard let url, let clientID else { return nil }
    return AdminServer(
      url: url.hasSuffix("/") ? String(url.dropLast()) : url, client: clientID, secret: try InputLine.read("secret"),
      certificates: cacert)
  }
}
