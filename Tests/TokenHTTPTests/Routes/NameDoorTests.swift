import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerTesting
import Logging
import NIOCore
import Testing
import TokenLedger
import TokenTesting

@testable import TokenConsole
@testable import TokenEngine
@testable import TokenHTTP

/// Accounts that compare names byte by byte, as a database does.
private struct ExactAccounts: SubjectStore, ClientStore {
  var subjects: [[UInt8]: Subject] = [:]
  var clients: [[UInt8]: Client] = [:]

  init(_ names: [String]) {
    for name in names {
      subjects[Array(name.utf8)] = Subject(id: name, scopes: [])
      clients[Array(name.utf8)] = Client(id: name, isPublic: false, mayIntrospect: true, isAdmin: true)
    }
  }

  func authenticate(name: String, password: String) async throws -> Subject? {
    password == ServerFixture.password ? subjects[Array(name.utf8)] : nil
  }

  func subject(id: String) async throws -> Subject? { subjects[Array(id.utf8)] }
  func client(id: String) async throws -> Client? { clients[Array(id.utf8)] }

  func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client? {
    secretCandidates.contains(Array(ServerFixture.secret.utf8)) ? clients[Array(id.utf8)] : nil
  }
}

@Suite("A name that comes over HTTP")
struct NameDoorTests {
  private static let kept = "jos\u{E9}"
  private static let spellings = ["jos\u{E9}", "jose\u{301}"]
  private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  private let accounts = ExactAccounts(["jos\u{E9}", "\u{D55C}", "\u{C5}sa"])
  private let engine: RotationEngine
  private let console = AdminConsole(path: "/console")

  init() throws { engine = try RotationEngine.inMemory(clock: ManualClock(), subjects: accounts) }

  private func run(
    limit: Int = 0, _ test: @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    var options = ServerOptions()
    options.failedLoginsPerMinute = limit
    // However slowly a test runs, the minute does not pass.
    options.loginClock = { [start = ContinuousClock.now] in start }
    try await TokenApplication.make(
      engine: engine, clients: accounts, options: options, additionalRoutes: [console], logger: Self.logger
    ).application.test(.router, test)
  }

  private static func escaped(_ name: String) -> String {
    name.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
  }

  private func open() async throws -> TokenPair {
    try await engine.openUncheckedSession(
      subject: Self.kept, client: Client(id: Self.kept, isPublic: false), scopes: [])
  }

  private func admin(
    _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    as name: String = kept
  ) async throws -> Reply {
    var headers: HTTPFields = [.authorization: basic("\(name):\(ServerFixture.secret)".utf8)]
    if body != nil { headers[.contentType] = "application/json" }
    return try await client.send(method, path, headers: headers, body: body.map { ByteBuffer(string: $0) })
  }

  @Test(
    "logs in as the same user and client in any spelling, in the form and in Basic",
    arguments: [
      ("jos\u{E9}", "jose\u{301}"), ("\u{D55C}", "\u{1112}\u{1161}\u{11AB}"), ("\u{C5}sa", "\u{212B}sa"),
    ])
  func logIn(kept: String, other: String) async throws {
    try await run { client async throws in
      for name in [kept, other] {
        let user: KeyValuePairs = [
          "grant_type": "password", "username": name, "password": ServerFixture.password,
        ]
        let byForm = try await client.post(
          "grant_type=password&username=\(Self.escaped(name))&password=correct%20horse&client_id="
            + "\(Self.escaped(name))&client_secret=\(ServerFixture.secret)")
        let byBasic = try await client.token(user, authorization: basic("\(name):\(ServerFixture.secret)".utf8))
        let byEscapedBasic = try await client.token(
          user, authorization: basic("\(Self.escaped(name)):\(ServerFixture.secret)".utf8))
        for reply in [byForm, byBasic, byEscapedBasic] {
          #expect(reply.status == 200, "\(reply)")
          let access = try engine.verify(reply["access_token"] ?? "")
          #expect(Array(access.subject.utf8) == Array(kept.utf8))
          #expect(Array(access.client.utf8) == Array(kept.utf8))
        }
        let both = try await client.post(
          "grant_type=password&username=\(Self.escaped(name))&password=correct%20horse&client_id="
            + Self.escaped(kept), authorization: basic("\(other):\(ServerFixture.secret)".utf8))
        #expect(both.status == 200, "\(both)")
      }
    }
  }

  @Test("is one name for the bound of failed log-ins: who is known by one spelling is known by the other")
  func limiter() async throws {
    try await run(limit: 1) { client async throws in
      func logIn(_ name: String, _ password: String) async throws -> Int {
        try await client.token(
          ["grant_type": "password", "username": name, "password": password],
          authorization: basic("\(Self.kept):\(ServerFixture.secret)".utf8)
        ).status
      }
      #expect(try await logIn(Self.spellings[0], ServerFixture.password) == 200)
      #expect(try await logIn("somebody", "wrong") == 400)
      #expect(try await logIn("somebody", "wrong") == 429)
      #expect(try await logIn(Self.spellings[1], ServerFixture.password) == 200)
    }
  }

  @Test("revokes and introspects as the same client in any spelling", arguments: spellings)
  func clientRoutes(name: String) async throws {
    let pair = try await open()
    try await run { client async throws in
      let authorization = basic("\(name):\(ServerFixture.secret)".utf8)
      let shown = try await client.post(
        "token=\(pair.accessToken)", authorization: authorization, path: "/introspect")
      #expect(shown.members["active"] as? Bool == true)
      let revoked = try await client.post(
        "token=\(pair.refreshToken)", authorization: authorization, path: "/revoke")
      #expect(revoked.status == 200)
    }
    #expect(try await engine.session(pair.session) == nil)
  }

  @Test("opens a session for the same subject and client in any spelling", arguments: spellings)
  func opens(name: String) async throws {
    try await run { client async throws in
      let body = "{\"subject\":\"\(name)\",\"client_id\":\"\(name)\"}"
      let reply = try await admin(client, .post, "/admin/sessions", body, as: name)
      #expect(reply.status == 200, "\(reply)")
      #expect(Array(try engine.verify(reply["access_token"] ?? "").subject.utf8) == Array(Self.kept.utf8))
    }
    #expect(try await engine.sessionCount(of: .subjectAtClient(subject: Self.kept, client: Self.kept)) == 1)
  }

  @Test("opens a session in any spelling where no store is asked who the subject is", arguments: spellings)
  func opensWithoutStore(name: String) async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let application = TokenApplication.make(engine: engine, clients: accounts, logger: Self.logger).application
    try await application.test(.router) { client async throws in
      let reply = try await admin(client, .post, "/admin/sessions", "{\"subject\":\"\(name)\"}")
      #expect(reply.status == 200, "\(reply)")
    }
    #expect(try await engine.sessionCount(of: .subject(Self.kept)) == 1)
  }

  @Test(
    "lists and ends the sessions of a subject, a client and both in any spelling",
    arguments: ["subject=N", "client_id=N", "subject=N&client_id=N"], spellings)
  func selects(query: String, name: String) async throws {
    let pair = try await open()
    let query = query.replacing("N", with: Self.escaped(name))
    try await run { client async throws in
      let listed = try await admin(client, .get, "/admin/sessions?\(query)")
      #expect((listed.members["sessions"] as? [Any])?.count == 1, "\(listed)")
      #expect((200...204).contains(try await admin(client, .delete, "/admin/sessions?\(query)").status))
    }
    #expect(try await engine.session(pair.session) == nil)
  }

  @Test("gets a one-time token for the same subject in any spelling", arguments: spellings)
  func oneTimeToken(name: String) async throws {
    try await run { client async throws in
      let issued = try await admin(
        client, .post, "/admin/one-time-tokens", "{\"purpose\":\"reset\",\"subject\":\"\(name)\",\"ttl_ms\":1000}")
      let token = try #require(issued["token"], "\(issued)")
      let consumed = try await admin(
        client, .post, "/admin/one-time-tokens/consume", "{\"purpose\":\"reset\",\"token\":\"\(token)\"}")
      #expect(Array((consumed["subject"] ?? "").utf8) == Array(Self.kept.utf8))
    }
  }

  @Test("signs in to the console, finds and revokes there in any spelling", arguments: spellings)
  func signsIn(name: String) async throws {
    let pair = try await open()
    try await run { client async throws in
      let browser = ConsoleBrowser(client: client, base: "/console")
      #expect(try await browser.signIn(id: name).status == 303)
      let (text, token) = (pair.session.text, try await browser.formToken())
      for query in ["subject", "client"] {
        #expect(try await browser.get("/sessions?\(query)=\(Self.escaped(name))").text.contains(text))
      }
      let question = try await browser.get("/revoke?subject=\(Self.escaped(name))")
      #expect(question.text.contains("<dt>Sessions</dt><dd>1</dd>"), "\(question)")
      let done = try await browser.post("/revoke?subject=\(Self.escaped(name))", ["form_token": token])
      #expect(done.status == 303)
    }
    #expect(try await engine.session(pair.session) == nil)
  }
}
