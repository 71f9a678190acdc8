import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("The client file")
struct ClientFileTests {
  private static let secret = "0123456789abcdef-secret"
  private let folder: AccountsFolder
  private let clients: ClientFile

  init() throws {
    folder = try AccountsFolder()
    clients = try folder.clients()
    try clients.add(
      Client(
        id: "web", isPublic: false, scopes: Scopes("b a"), grants: [.clientCredentials, .password],
        grace: .seconds(30), mayIntrospect: true, isAdmin: true),
      secret: Self.secret)
    try clients.add(Client(id: "app", isPublic: true))
  }

  private func bytes(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test("The right secret gives the client, at any place among the candidates")
  func rightSecret() async {
    #expect(await clients.authenticate(id: "web", secretCandidates: bytes(Self.secret))?.id == "web")
    #expect(await clients.authenticate(id: "web", secretCandidates: bytes("x", Self.secret))?.id == "web")
    #expect(await clients.authenticate(id: "web", secretCandidates: bytes(Self.secret, "x"))?.id == "web")
  }

  @Test("A wrong secret, no secret and an unknown id give nothing")
  func wrongSecret() async {
    #expect(await clients.authenticate(id: "web", secretCandidates: bytes(Self.secret + "x", "", "secret")) == nil)
    #expect(await clients.authenticate(id: "web", secretCandidates: []) == nil)
    #expect(await clients.authenticate(id: "who", secretCandidates: bytes(Self.secret)) == nil)
    #expect(await clients.client(id: "who") == nil)
  }

  @Test("The stored digest is not a secret")
  func digestIsNoSecret() async throws {
    let text = try folder.text(of: folder.clientsPath)
    let digest = try String(#require(text.split(separator: "\"").first { $0.hasPrefix("sha256:") }))
    #expect(await clients.authenticate(id: "web", secretCandidates: bytes(digest)) == nil)
    #expect(!text.contains(Self.secret))
  }

  @Test("A public client is found and never authenticated")
  func publicClient() async {
    #expect(await clients.client(id: "app")?.isPublic == true)
    #expect(await clients.authenticate(id: "app", secretCandidates: bytes("", Self.secret)) == nil)
  }

  @Test("At most eight candidates are looked at")
  func manyCandidates() async {
    let wrong = [[UInt8]](repeating: [0], count: 7)
    #expect(await clients.authenticate(id: "web", secretCandidates: wrong + bytes(Self.secret)) != nil)
    #expect(await clients.authenticate(id: "web", secretCandidates: [[0]] + wrong + bytes(Self.secret)) == nil)
  }

  @Test("Every field survives the file")
  func roundTrip() async throws {
    let reread = try folder.clients()
    let web = try #require(await reread.client(id: "web"))
    #expect(
      web
        == Client(
          id: "web", isPublic: false, scopes: Scopes("b a"), grants: [.clientCredentials, .password],
          grace: .seconds(30), mayIntrospect: true, isAdmin: true, version: web.version,
          sessionsNotBefore: .distantFuture))
    #expect(web.version != .none)
    #expect(web.scopes?.text == "b a")
    #expect(await reread.authenticate(id: "web", secretCandidates: bytes(Self.secret)) == web)
    let app = try #require(await reread.client(id: "app"))
    #expect(app == Client(id: "app", isPublic: true, version: app.version, sessionsNotBefore: .distantFuture))
    #expect(app.version != web.version)
    #expect(try folder.mode(of: folder.clientsPath) == 0o600)
  }

  @Test("A client without scopes and one with none of them stay apart")
  func scopesAbsentAndEmpty() async throws {
    try clients.add(Client(id: "none", isPublic: true, scopes: Scopes.empty))
    let reread = try folder.clients()
    #expect(await reread.client(id: "none")?.scopes == Scopes.empty)
    #expect(await reread.client(id: "app")?.scopes == nil)
  }

  @Test("A taken id, an unknown id and a removed client")
  func listing() async throws {
    let taken = accountFailure { () throws(AccountError) in try clients.add(Client(id: "app", isPublic: true)) }
    #expect(taken == .exists(.client, name: "app"))
    try clients.remove(id: "web")
    #expect(try clients.list().map(\.id) == ["app"])
    #expect(await clients.client(id: "web") == nil)
    let gone = accountFailure { () throws(AccountError) in try clients.remove(id: "web") }
    #expect(gone == .unknown(.client, name: "web"))
  }

  @Test(
    "A secret has 16 to 1024 printable ASCII characters",
    arguments: [
      String(repeating: "s", count: 15), String(repeating: "s", count: 1025), "0123456789abcdef\n", "0123456789ab–cdef",
    ])
  func badSecrets(secret: String) {
    let failure = accountFailure { () throws(AccountError) in
      try clients.add(Client(id: "new", isPublic: false), secret: secret)
    }
    #expect(failure == .invalid(field: "secret", rule: "must be 16 to 1024 printable ASCII characters"))
    #expect(failure?.description.contains(secret) == false)
  }

  @Test(
    "A client that contradicts itself or its limits is refused by field",
    arguments: [
      ("id", Client(id: "", isPublic: true), nil),
      ("id", Client(id: "é", isPublic: true), nil),
      ("id", Client(id: String(repeating: "i", count: 257), isPublic: true), nil),
      ("secret", Client(id: "new", isPublic: true), Self.secret),
      ("secret", Client(id: "new", isPublic: false), nil),
      ("grants", Client(id: "new", isPublic: true, grants: [.clientCredentials]), nil),
      ("introspect", Client(id: "new", isPublic: true, mayIntrospect: true), nil),
      ("admin", Client(id: "new", isPublic: true, isAdmin: true), nil),
      ("grace", Client(id: "new", isPublic: true, grace: .seconds(301)), nil),
      ("grace", Client(id: "new", isPublic: true, grace: .seconds(-1)), nil),
      ("grace", Client(id: "new", isPublic: true, grace: .microseconds(1)), nil),
    ] as [(String, Client, String?)])
  func badClients(field: String, client: Client, secret: String?) throws {
    let failure = accountFailure { () throws(AccountError) in try clients.add(client, secret: secret) }
    guard case .invalid(field: field, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(try clients.list().count == 2)
  }

  @Test(
    "A grace window reads as it is written",
    arguments: [
      ("0s", Duration.zero, "0s"), ("500ms", .milliseconds(500), "500ms"), ("30s", .seconds(30), "30s"),
      ("5m", .seconds(300), "300s"), ("1500ms", .milliseconds(1500), "1500ms"), ("2000ms", .seconds(2), "2s"),
    ])
  func grace(text: String, window: Duration, written: String) throws {
    #expect(try ClientFile.grace(text) == window)
    #expect(ClientFile.text(of: window) == written)
  }

  @Test(
    "What is no grace window of 0 to 300 s is refused",
    arguments: ["", "s", "30", "-1s", "+1s", "1.5s", "30 s", "301s", "6m", "1h", "99999999999999999999s", "٣s"])
  func badGrace(text: String) {
    let failure = accountFailure { () throws(AccountError) in _ = try ClientFile.grace(text) }
    #expect(failure == .invalid(field: "grace", rule: ClientDuration.grace.rule))
  }

  @Test("A client's lifetimes and rotation are kept, and those outside their limits are refused")
  func terms() throws {
    let client = Client(
      id: "kiosk", isPublic: false, rotation: .never,
      lifetimes: try ClientFile.lifetimes(access: "5m", idle: "1500ms", absolute: "90d"))
    try clients.add(client, secret: "0123456789abcdef")
    let kept = try #require(try folder.clients().list().first { $0.id == "kiosk" })
    #expect((kept.rotation, kept.lifetimes) == (client.rotation, client.lifetimes))
    #expect(try folder.text(of: folder.clientsPath).contains("\"90d\""))
    for (access, refresh) in [("0s", "1d"), ("31d", "1d"), ("1m", "0s"), ("1m", "36601d"), ("x", "1d")] {
      #expect(
        accountFailure { () throws(AccountError) in
          _ = try ClientFile.lifetimes(access: access, idle: refresh)
        } != nil)
    }
    var open = client
    (open.id, open.isPublic) = ("spa", true)
    let failure = accountFailure { () throws(AccountError) in try clients.add(open) }
    #expect(failure == .invalid(field: "rotation", rule: "must be always for a public client"))
  }

  @Test("Grants read in any order, and what is no grant is refused")
  func grants() throws {
    #expect(try ClientFile.grants("refresh_token password") == [.refreshToken, .password])
    #expect(try ClientFile.grants("") == [])
    for text in ["implicit", "password  refresh_token", " password", "Password"] {
      #expect(accountFailure { () throws(AccountError) in _ = try ClientFile.grants(text) } != nil)
    }
  }
}
