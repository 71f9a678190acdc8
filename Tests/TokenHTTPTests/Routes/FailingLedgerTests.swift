import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

/// Its ledger is told how to fail.
@Suite("A server whose ledger fails")
struct FailingLedgerTests {
  private typealias Send = @Sendable (any TestClientProtocol, TokenPair) async throws -> Reply

  fileprivate static let boss = basic("boss:\(ServerFixture.secret)".utf8)
  private static let robot = basic("robot:\(ServerFixture.secret)".utf8)

  /// A fixture on a ledger of the test's.
  private func fixture(grace: Duration = .zero) throws -> (ServerFixture, DictionaryLedger) {
    let clock = ManualClock()
    let ledger = DictionaryLedger(clock: clock, random: SeededGenerator(seed: 7))
    let fixture = try ServerFixture(clock: clock, ledger: ledger) { $0.grace = grace }
    fixture.clients.set(
      Client(id: "boss", isPublic: false, mayIntrospect: true, isAdmin: true), secret: ServerFixture.secret)
    fixture.clients.set(
      Client(id: "robot", isPublic: false, grants: [.clientCredentials]), secret: ServerFixture.secret)
    return (fixture, ledger)
  }

  private func expectUnavailable(
    _ reply: Reply, after seconds: String = "1", _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reply.status == 503, sourceLocation: location)
    #expect(reply.headers[.retryAfter] == seconds, sourceLocation: location)
    #expect(reply["error"] == "temporarily_unavailable", sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
  }

  @Test(
    "answers with 503 and Retry-After while it is away, stalled or its outcome is unknown, and consumes nothing",
    arguments: [LedgerError.unavailable("the database is away"), .overloaded, .outcomeUnknown("cut")])
  func away(error: LedgerError) async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(error)
      expectUnavailable(try await client.refresh(pair.refreshToken))
      expectUnavailable(try await client.logIn())
      // The text says what the ledger stands on: for the log, not for the wire.
      #expect(try await !client.refresh(pair.refreshToken).text.contains("database"))
      #expect(try await client.get("/me", bearer: pair.accessToken).status == 200)
      ledger.recover()
      #expect(try await client.get("/health/ready").status == 200)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("alone is not ready while it is away, and live", arguments: [LedgerError.unavailable("away"), .overloaded])
  func health(error: LedgerError) async throws {
    let (fixture, ledger) = try fixture()
    try await fixture.run { client async throws in
      ledger.fail(error)
      #expect(try await client.get("/health/ready").status == 503)
      #expect(try await client.get("/health/live").status == 200)
      ledger.recover()
      #expect(try await client.get("/health/ready").status == 200)
    }
  }

  /// All that needs the ledger, each with the fixture's pair.
  private static let requests: [(name: String, needsChange: Bool, send: Send)] = [
    ("a log-in", true, { client, _ in try await client.logIn() }),
    (
      "a refresh", true,
      { try await $0.post("grant_type=refresh_token&refresh_token=\($1.refreshToken)", authorization: boss) }
    ),
    (
      "a client's own token", true,
      { client, _ in try await client.post("grant_type=client_credentials", authorization: robot) }
    ),
    ("a revocation", true, { try await $0.post("token=\($1.refreshToken)", authorization: boss, path: "/revoke") }),
    (
      "the revocation of an access token", true,
      { try await $0.post("token=\($1.accessToken)", authorization: boss, path: "/revoke") }
    ),
    (
      "an introspection of a refresh token", false,
      {
        let body = "token=\($1.refreshToken)&token_type_hint=refresh_token"
        return try await $0.post(body, authorization: boss, path: "/introspect")
      }
    ),
    ("an opening", true, { client, _ in try await client.admin(.post, #"{"subject": "ann"}"#) }),
    ("a list", false, { client, _ in try await client.admin(.get, "?subject=ann") }),
    ("a list of all", false, { client, _ in try await client.admin(.get, "") }),
    ("a look at a session", false, { try await $0.admin(.get, "/\($1.session.text)") }),
    ("an end of a session", true, { try await $0.admin(.delete, "/\($1.session.text)") }),
    ("an end of a subject's sessions", true, { client, _ in try await client.admin(.delete, "?subject=ann") }),
    ("an end of all sessions", true, { client, _ in try await client.admin(.delete, "?all=true") }),
    (
      "an issue of a one-time token", true,
      { client, _ in
        let body = #"{"purpose": "reset", "subject": "ann", "ttl_ms": 1000}"#
        return try await client.admin(.post, body, at: "/admin/one-time-tokens")
      }
    ),
  ]

  @Test(
    "answers every route that needs it with 503 and Retry-After, never invalid_grant, and goes on verifying",
    arguments: [
      (LedgerError.unavailable("the database at 10.1.2.3 is away"), false), (.outcomeUnknown("10.1.2.3 broke"), false),
      (.outcomeUnknown("10.1.2.3 broke"), true), (.overloaded, false),
    ])
  func everyRoute(error: LedgerError, afterEffect: Bool) async throws {
    for (name, needsChange, send) in Self.requests {
      let (fixture, ledger) = try fixture(grace: .seconds(10))
      let pair = try await fixture.pair(client: "boss")
      let other = try await fixture.pair()
      try await fixture.run { client async throws in
        ledger.fail(error, times: afterEffect ? 1 : nil, afterEffect: afterEffect)
        let reply = try await send(client, pair)
        let isHit: Bool = if case .unavailable = error { true } else { needsChange }
        guard isHit else {
          #expect(reply.status == 200, "\(name)")
          return
        }
        #expect(reply.status == 503 && reply.headers[.retryAfter] == "1", "\(name)")
        #expect(reply["error"] == "temporarily_unavailable" && !reply.text.contains("10.1.2.3"), "\(name)")
        guard !afterEffect else { return }
        for path in ["/me", "/auth"] {
          #expect(try await client.get(path, bearer: other.accessToken).status < 300, "\(name)")
        }
        #expect(try await client.get("/.well-known/jwks.json").status == 200)
        let body = "token=\(other.accessToken)"
        let introspection = try await client.post(body, authorization: Self.boss, path: "/introspect")
        #expect(introspection.text.hasPrefix(#"{"active":true"#), "\(name)")
        ledger.recover()
        #expect((200..<300).contains(try await send(client, pair).status), "\(name)")
      }
    }
  }

  @Test("consumes a one-time token once, and says 503 where it does not know if it has")
  func oneTimeToken() async throws {
    let (fixture, ledger) = try fixture()
    let token = try await fixture.engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(60))
    let body = #"{"purpose": "reset", "token": "\#(token.text)"}"#
    try await fixture.run { client async throws in
      @Sendable func consume() async throws -> Reply {
        try await client.admin(.post, body, at: "/admin/one-time-tokens/consume")
      }
      ledger.fail(.unavailable("away"), times: 1)
      expectUnavailable(try await consume())
      ledger.fail(.outcomeUnknown("cut"), times: 1)
      expectUnavailable(try await consume())
      ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: true)
      expectUnavailable(try await consume())
      #expect(try await consume()["error"] == "invalid_grant")
    }
  }

  @Test("that refuses access tokens for old news has bearers answered with 503, and no challenge to bring another")
  func refusesAccess() async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.setFeed(age: .seconds(6), isStale: true, refusesAccess: true)
      for path in ["/me", "/auth"] {
        let reply = try await client.get(path, bearer: pair.accessToken)
        expectUnavailable(reply)
        #expect(reply.headers[.wwwAuthenticate] == nil)
        #expect(try await client.get(path, bearer: "no token").status == 401)
        #expect(try await client.get(path).status == 401)
      }
      #expect(try await client.get("/public", bearer: pair.accessToken).text == #"{"authenticated":false}"#)
      let body = "token=\(pair.accessToken)"
      expectUnavailable(try await client.post(body, authorization: Self.boss, path: "/introspect"))
      #expect(try await client.refresh(pair.refreshToken).status == 200)
      ledger.setFeed(age: .zero)
      #expect(try await client.get("/me", bearer: pair.accessToken).status == 200)
    }
  }

  @Test("that is full opens nothing, with 503 and Retry-After, and refreshes")
  func full() async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.full)
      expectUnavailable(try await client.logIn())
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("for good asks to come back later, and answers nothing that would change it")
  func closed() async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.closed("the disk is gone"))
      expectUnavailable(try await client.refresh(pair.refreshToken), after: "30")
      ledger.recover()
      expectUnavailable(try await client.logIn(), after: "30")
    }
  }

  @Test(
    "after the effect answers a retry with the pair that was lost in the grace window, and without one as a reuse",
    arguments: [Duration.seconds(10), .zero])
  func cutOff(grace: Duration) async throws {
    let (fixture, ledger) = try fixture(grace: grace)
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: true)
      expectUnavailable(try await client.refresh(pair.refreshToken))
      let retry = try await client.refresh(pair.refreshToken)
      guard grace > .zero else {
        #expect(retry.status == 400)
        #expect(retry["error"] == "invalid_grant")
        return
      }
      #expect(retry.status == 200)
      #expect(try await client.refresh(pair.refreshToken).text == retry.text)
    }
  }
}

extension TestClientProtocol {
  /// A request of the admin of these tests, at `/admin/sessions` or another path.
  fileprivate func admin(
    _ method: HTTPRequest.Method, _ rest: String, at path: String? = nil
  ) async throws -> Reply {
    var headers: HTTPFields = [.authorization: FailingLedgerTests.boss]
    guard method == .post else { return try await send(method, "/admin/sessions\(rest)", headers: headers) }
    headers[.contentType] = "application/json"
    return try await send(.post, path ?? "/admin/sessions", headers: headers, body: ByteBuffer(string: rest))
  }
}
