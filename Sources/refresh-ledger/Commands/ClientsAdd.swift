import ArgumentParser
import TokenAccounts
import TokenEngine
import TokenLedger

struct ClientsAdd: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Adds an OAuth client.")

  @Argument(help: "The client_id.", transform: NameForm.typed)
  var id: String

  @OptionGroup var data: DataFolderOption

  @Flag(name: .customLong("secret-stdin"), help: "Read the client's secret as one line from the standard input.")
  var readsSecret = false

  @Flag(name: .customLong("public"), help: "A client without a secret: an app that cannot keep one.")
  var isPublic = false

  @Option(help: "What the client may be granted, separated by spaces; without this, all that its subjects may.")
  var scopes: String?

  @Option(help: "The grant types the client may use, separated by spaces.")
  var grants = "password refresh_token"

  @Option(
    help: "For how long a used refresh token gets the same answer again: 0s to 300s; without this, rotation.grace.")
  var grace: String?

  @Option(
    name: .customLong("access-ttl"), help: "How long its access tokens live, as 15m; without this, tokens.accessTTL.")
  var accessTTL: String?

  @Option(
    name: .customLong("refresh-ttl"),
    help: "How long its refresh tokens may lie unused, as 30d; without this, sessions.refreshTTL.")
  var refreshTTL: String?

  @Option(
    name: .customLong("max-age"), help: "How old its sessions may get, as 365d; without this, sessions.maxAge.")
  var maxAge: String?

  @Option(help: "Whether a refresh consumes the refresh token: always, or never for a client with a secret.")
  var rotation = "always"

  @Flag(help: "The client may ask about tokens.")
  var introspect = false

  @Flag(help: "The client may use the admin routes.")
  var admin = false

  func validate() throws {
    guard readsSecret != isPublic else { throw ValidationError("give one of --secret-stdin and --public") }
  }

  func run() throws {
    let scopes = try scopes.map { try ScopesArgument.parse($0) }
    let file = try data.clients()
    do {
      let client = Client(
        id: id, isPublic: isPublic, scopes: scopes, grants: try ClientFile.grants(grants),
        grace: try grace.map { try ClientFile.grace($0) }, rotation: try ClientFile.rotation(rotation),
        lifetimes: try ClientFile.lifetimes(access: accessTTL, refresh: refreshTTL, session: maxAge),
        mayIntrospect: introspect, isAdmin: admin)
      try file.add(client, secret: readsSecret ? try InputLine.read("secret") : nil)
    } catch let failure as AccountFailure {
      throw CommandFailure(failure)
    }
    try Terminal.writeLine("added client \(id)")
  }
}
