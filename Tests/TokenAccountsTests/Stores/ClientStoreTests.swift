import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("Clients, wherever they are kept")
struct ClientStoreTests {
  private static let secret = "0123456789abcdef-secret"

  /// A place with the client web, which has a secret, and the public client app.
  private struct Fixture {
    let home: any AccountHome
    let clients: any ClientDirectory

    init(_ place: AccountPlace) async throws {
      home = try await place.empty()
      clients = try await home.openClients()
      try await clients.add(
        Client(
          id: "web", isPublic: false, scopes: Scopes("b a"), grants: [.clientCredentials, .password],
          grace: .seconds(30), mayIntrospect: true, isAdmin: true),
        secret: secret)
      try await clients.add(Client(id: "app", isPublic: true), secret: nil)
    }
  }

  private func bytes(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test("The right secret gives the client, at any place among the candidates", arguments: AccountPlace.allCases)
  func rightSecret(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    for candidates in [bytes(Self.secret), bytes("x", Self.secret), bytes(Self.secret, "x")] {
      #expect(try await clients.authenticate(id: "web", secretCandidates: candidates)?.id == "web")
    }
  }

  @Test("A wrong secret, no secret and an unknown id give nothing", arguments: AccountPlace.allCases)
  func wrongSecret(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    let wrong = bytes(Self.secret + "x", "", "secret")
    #expect(try await clients.authenticate(id: "web", secretCandidates: wrong) == nil)
    #expect(try await clients.authenticate(id: "web", secretCandidates: []) == nil)
    #expect(try await clients.authenticate(id: "who", secretCandidates: bytes(Self.secret)) == nil)
    #expect(try await clients.client(id: "who") == nil)
  }

  @Test("The digest that is kept is not a secret", arguments: AccountPlace.allCases)
  func digestIsNoSecret(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    let text = fixture.home.contents()
    let digest = try String(#require(text.split(separator: "\"").first { $0.hasPrefix("sha256:") }))
    #expect(try await fixture.clients.authenticate(id: "web", secretCandidates: bytes(digest)) == nil)
    #expect(!text.contains(Self.secret))
  }

  @Test("A public client is found and never authenticated", arguments: AccountPlace.allCases)
  func publicClient(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    #expect(try await clients.client(id: "app")?.isPublic == true)
    #expect(try await clients.authenticate(id: "app", secretCandidates: bytes("", Self.secret)) == nil)
  }

  @Test("At most eight candidates are looked at", arguments: AccountPlace.allCases)
  func manyCandidates(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    let wrong = [[UInt8]](repeating: [0], count: 7)
    #expect(try await clients.authenticate(id: "web", secretCandidates: wrong + bytes(Self.secret)) != nil)
    #expect(try await clients.authenticate(id: "web", secretCandidates: [[0]] + wrong + bytes(Self.secret)) == nil)
  }

  @Test("Every field is kept", arguments: AccountPlace.allCases)
  func roundTrip(place: AccountPlace) async throws {
    let reread = try await Fixture(place).home.openClients()
    let web = try #require(await reread.client(id: "web"))
    #expect(
      web
        == Client(
          id: "web", isPublic: false, scopes: Scopes("b a"), grants: [.clientCredentials, .password],
          grace: .seconds(30), mayIntrospect: true, isAdmin: true, version: web.version,
          sessionsNotBefore: .distantFuture))
    #expect(web.version != .none)
    #expect(web.scopes?.text == "b a")
    #expect(try await reread.authenticate(id: "web", secretCandidates: bytes(Self.secret)) == web)
    let app = try #require(await reread.client(id: "app"))
    #expect(app == Client(id: "app", isPublic: true, version: app.version, sessionsNotBefore: .distantFuture))
    #expect(app.version != web.version)
  }

  @Test("A client without scopes and one with none of them stay apart", arguments: AccountPlace.allCases)
  func scopesAbsentAndEmpty(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    try await fixture.clients.add(Client(id: "none", isPublic: true, scopes: Scopes.empty), secret: nil)
    let reread = try await fixture.home.openClients()
    #expect(try await reread.client(id: "none")?.scopes == Scopes.empty)
    #expect(try await reread.client(id: "app")?.scopes == nil)
  }

  @Test("A taken id, an unknown id and a removed client", arguments: AccountPlace.allCases)
  func listing(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    let taken = await changeFailure { () throws(AccountError) in
      try await clients.add(Client(id: "app", isPublic: true), secret: nil)
    }
    #expect(taken == .exists(.client, name: "app"))
    try await clients.remove(id: "web")
    #expect(try await clients.list().map(\.id) == ["app"])
    #expect(try await clients.client(id: "web") == nil)
    let gone = await changeFailure { () throws(AccountError) in try await clients.remove(id: "web") }
    #expect(gone == .unknown(.client, name: "web"))
  }

  @Test("A secret has 16 to 1024 printable ASCII characters", arguments: AccountPlace.allCases)
  func badSecrets(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    for secret in [
      String(repeating: "s", count: 15), String(repeating: "s", count: 1025), "0123456789abcdef\n", "0123456789ab–cdef",
    ] {
      let failure = await changeFailure { () throws(AccountError) in
        try await clients.add(Client(id: "new", isPublic: false), secret: secret)
      }
      #expect(failure == .invalid(field: "secret", rule: "must be 16 to 1024 printable ASCII characters"))
      #expect(failure?.description.contains(secret) == false)
    }
  }

  @Test(
    "A client that contradicts itself or its limits is refused by field",
    arguments: AccountPlace.allCases,
    [
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
  func badClients(place: AccountPlace, bad: (field: String, client: Client, secret: String?)) async throws {
    let clients = try await Fixture(place).clients
    let failure = await changeFailure { () throws(AccountError) in try await clients.add(bad.client, secret: bad.secret)
    }
    guard case .invalid(field: bad.field, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(try await clients.list().count == 2)
  }

  @Test(
    "A client's lifetimes and rotation are kept, and those outside their limits are refused",
    arguments: AccountPlace.allCases)
  func terms(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    let client = Client(
      id: "kiosk", isPublic: false, rotation: .never,
      lifetimes: try ClientFile.lifetimes(access: "5m", idle: "1500ms", absolute: "90d"))
    try await fixture.clients.add(client, secret: "0123456789abcdef")
    let kept = try #require(try await fixture.home.openClients().list().first { $0.id == "kiosk" })
    #expect((kept.rotation, kept.lifetimes) == (client.rotation, client.lifetimes))
    #expect(fixture.home.contents().contains("\"90d\""))
    var open = client
    (open.id, open.isPublic) = ("spa", true)
    let failure = await changeFailure { () throws(AccountError) in try await fixture.clients.add(open, secret: nil) }
    #expect(failure == .invalid(field: "rotation", rule: "must be always for a public client"))
  }

  @Test("A client that is removed and added again is of another version", arguments: AccountPlace.allCases)
  func versions(place: AccountPlace) async throws {
    let clients = try await Fixture(place).clients
    let before = try #require(await clients.client(id: "app"))
    try await clients.remove(id: "app")
    try await clients.add(Client(id: "app", isPublic: true), secret: nil)
    #expect(try await clients.client(id: "app")?.version != before.version)
  }
}
