import ArgumentParser
import TokenAccounts
import TokenEngine
import TokenLedger

struct ClientsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clients",
    abstract: """
      Adds, lists and removes clients, in a data folder or a database. A running server sees every change within \
      100 ms.
      """,
    subcommands: [ClientsAdd.self, ClientsList.self, ClientsRemove.self])
}

struct ClientsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Adds an OAuth client.")

  @Argument(help: "The client_id.", transform: NameForm.typed)
  var id: String

  @OptionGroup var place: StoreOptions

  @Flag(name: .customLong("secret-stdin"), help: "Read the client's secret as one line from the standard input.")
  var readsSecret = false

  @Flag(name: .customLong("public"), help: "A client without a secret: an app that cannot keep one.")
  var isPublic = false

  @Option(help: "The scopes the client may be granted, separated by spaces; without this, all that its subjects have.")
  var scopes: String?

  @Option(help: "The grant types the client may use, separated by spaces.")
  var grants = "password refresh_token"

  @Option(
    help: """
      How long after a rotation the consumed refresh token gets the same answer again: \(Limits.grace.span); without \
      this, rotation.grace.
      """)
  var grace: String?

  @Option(
    name: .customLong("access-ttl"),
    help: "The lifetime of its access tokens, such as 15m; without this, tokens.accessTTL.")
  var accessTTL: String?

  @Option(
    name: .customLong("refresh-ttl"),
    help: """
      The idle lifetime of its sessions: how long a refresh token can stay unused, such as 30d; without this, \
      sessions.refreshTTL.
      """)
  var refreshTTL: String?

  @Option(
    name: .customLong("max-age"),
    help: """
      The absolute lifetime of its sessions: how old they can become even if they are used, such as 365d; without \
      this, sessions.maxAge.
      """)
  var maxAge: String?

  @Option(help: "When a refresh consumes the refresh token: always, or never (only for a client with a secret).")
  var rotation = "always"

  @Option(
    help: ArgumentHelp(
      "required: the client gets no tokens without a proof of its key (DPoP, RFC 9449); without this, dpop.mode.",
      valueName: "required"))
  var dpop: String?

  @Flag(help: "The client may introspect tokens and follow the stream of revocations.")
  var introspect = false

  @Flag(help: "The client may use the admin routes.")
  var admin = false

  func validate() throws {
    guard readsSecret != isPublic else { throw ValidationError("give one of --secret-stdin and --public") }
  }

  func run() async throws {
    let scopes = try scopes.map { try ScopesArgument.parse($0) }
    try await place.clients { clients in
      let client = Client(
        id: id, isPublic: isPublic, scopes: scopes, grants: try ClientFile.grants(grants),
        grace: try grace.map { try ClientFile.grace($0) }, rotation: try ClientFile.rotation(rotation),
        lifetimes: try ClientFile.lifetimes(access: accessTTL, idle: refreshTTL, absolute: maxAge),
        mayIntrospect: introspect, isAdmin: admin,
        requiresProof: try dpop.map { try ClientFile.requiresProof($0) } ?? false)
      try await clients.add(client, secret: readsSecret ? try InputLine.read("secret") : nil)
    }
    try Terminal.writeLine("added client \(id)")
  }
}

struct ClientsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the clients, without their secrets.")

  @OptionGroup var place: StoreOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  private struct Row: Encodable {
    var id: String
    var isPublic: Bool
    var scopes: String?
    var grants: String
    var grace: String?
    var accessTTL: String?
    var refreshTTL: String?
    var maxAge: String?
    var rotation: String
    var introspect: Bool
    var admin: Bool
    var dpop: String?

    enum CodingKeys: String, CodingKey {
      case id, scopes, grants, grace, accessTTL, refreshTTL, maxAge, rotation, introspect, admin, dpop
      case isPublic = "public"
    }

    init(_ client: Client) {
      id = client.id
      isPublic = client.isPublic
      scopes = client.scopes?.text
      grants = GrantType.allCases.filter(client.grants.contains).map(\.rawValue).joined(separator: " ")
      grace = client.grace.flatMap(ClientFile.text(of:))
      accessTTL = client.lifetimes.access.flatMap(ClientFile.text(of:))
      refreshTTL = client.lifetimes.idle.flatMap(ClientFile.text(of:))
      maxAge = client.lifetimes.absolute.flatMap(ClientFile.text(of:))
      rotation = "\(client.rotation)"
      introspect = client.mayIntrospect
      admin = client.isAdmin
      dpop = client.requiresProof ? "required" : nil
    }

    var lifetimes: String {
      let own = [("access", accessTTL), ("refresh", refreshTTL), ("max", maxAge)].compactMap { name, text in
        text.map { "\(name) \($0)" }
      }
      return own.isEmpty ? "default" : own.joined(separator: ", ")
    }
  }

  func run() async throws {
    let rows = try await place.clients { try await $0.list().map(Row.init) }
    if json {
      for row in rows { try Terminal.writeLine(JSONText.line(row)) }
      return
    }
    var table = TextTable("ID", "KIND", "GRANTS", "ROTATION", "GRACE", "LIFETIMES", "DPOP", "MAY", "SCOPES")
    for row in rows {
      let rights = [row.introspect ? "introspect" : nil, row.admin ? "admin" : nil].compactMap(\.self)
      table.append(
        row.id, row.isPublic ? "public" : "confidential", row.grants, row.rotation, row.grace ?? "default",
        row.lifetimes, row.dpop ?? "-", rights.isEmpty ? "-" : rights.joined(separator: " "), row.scopes ?? "(all)")
    }
    try Terminal.write(table.text)
  }
}

struct ClientsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a client, and ends its sessions.")

  @Argument(help: "The client_id.", transform: NameForm.typed)
  var id: String

  @OptionGroup var place: StoreOptions

  func run() async throws {
    try await place.clients { try await $0.remove(id: id) }
    try Terminal.writeLine("removed client \(id)")
  }
}
