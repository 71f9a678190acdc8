import Testing
import TokenTestInputs

@testable import TokenClient

@Suite("A client of the token server")
struct TokenServerClientTests {
  private func error(_ body: () async throws(TokenClientError) -> Void) async -> TokenClientError? {
    do throws(TokenClientError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test("writes forms that any text survives, and authenticates with HTTP Basic as RFC 6749 encodes it")
  func forms() async throws {
    let server = ScriptedServer(.tokens(1))
    let tokens = try await server.client().logIn(user: "Ann & Bö", password: "a+b c%=", scopes: ["read", "write"])
    #expect(tokens.accessToken == "access-1" && tokens.refreshToken == "refresh-1" && tokens.scopes == ["read"])
    #expect(tokens.expiresIn == .seconds(900) && tokens.refreshExpiresIn == .seconds(3600))
    let request = try #require(server.requests.first)
    #expect(request.method == "POST" && request.path == "/token")
    #expect(
      server.bodies == ["grant_type=password&username=Ann%20%26%20B%C3%B6&password=a%2Bb%20c%25%3D&scope=read%20write"])
    let fields = Dictionary(uniqueKeysWithValues: request.fields)
    // web:s%3Ae%20c
    #expect(fields["Authorization"] == "Basic d2ViOnMlM0FlJTIwYw==")
    #expect(fields["Content-Type"] == "application/x-www-form-urlencoded")
  }

  @Test("names itself in the form if it has no secret")
  func publicClient() async throws {
    let server = ScriptedServer(.tokens(1))
    _ = try await server.client(secret: nil).refresh("r")
    #expect(server.bodies == ["grant_type=refresh_token&refresh_token=r&client_id=web"])
    #expect(server.requests.first?.fields.contains { $0.name == "Authorization" } == false)
  }

  @Test("tells a refusal, a wish to come back, an unsent request and a lost reply apart")
  func errors() async {
    let server = ScriptedServer(
      .reply(400, #"{"error":"invalid_grant","error_description":"It was used"}"#),
      .reply(503, "", fields: ["retry-AFTER": "7"]), .reply(429, "", fields: ["Retry-After": "999999"]), .notSent,
      .lost, .reply(200, "<html>"), .reply(500, "{}"))
    let client = server.client()
    func refresh() async -> TokenClientError? {
      await error { () throws(TokenClientError) in _ = try await client.refresh("r") }
    }
    let refusal = Refusal(status: 400, code: "invalid_grant", text: "It was used")
    #expect(await refresh() == .refused(refusal))
    #expect(refusal.endsSession)
    #expect(await refresh() == .tryAgain(after: .seconds(7), status: 503))
    #expect(await refresh() == .tryAgain(after: .seconds(3600), status: 429))
    #expect(await refresh() == .notSent("connection refused"))
    for _ in 0..<3 {
      guard case .unknownOutcome(let lost)? = await refresh() else {
        Issue.record("a lost reply is not told as one")
        return
      }
      #expect(lost.consequence == .mayBeConsumed)
    }
    #expect(TokenClientError.tryAgain(after: .zero, status: 503).mayHaveBeenDone)
    #expect(!TokenClientError.tryAgain(after: .zero, status: 429).mayHaveBeenDone)
    #expect(!TokenClientError.notSent("").mayHaveBeenDone)
  }

  private typealias Call = @Sendable (TokenServerClient) async throws(TokenClientError) -> Void

  private static let calls: [(Call, LostReply.Consequence)] = [
    ({ (client) throws(TokenClientError) in try await client.revoke("t") }, .none),
    ({ (client) throws(TokenClientError) in _ = try await client.introspect("t") }, .none),
    ({ (client) throws(TokenClientError) in _ = try await client.refresh("t") }, .mayBeConsumed),
    ({ (client) throws(TokenClientError) in _ = try await client.logIn(user: "a", password: "b") }, .mayExist),
    ({ (client) throws(TokenClientError) in _ = try await client.openSession(subject: "a") }, .mayExist),
    ({ (client) throws(TokenClientError) in _ = try await client.consumeOneTimeToken("t", purpose: "p") }, .mayBeSpent),
    ({ (client) throws(TokenClientError) in _ = try await client.endSessions(of: .all) }, .none),
  ]

  @Test("says of each call what a lost reply means", arguments: 0..<7)
  func consequences(index: Int) async {
    let (call, consequence) = Self.calls[index]
    let client = ScriptedServer(.lost).client()
    guard case .unknownOutcome(let lost)? = await error({ () throws(TokenClientError) in try await call(client) })
    else {
      Issue.record("a lost reply is not told as one")
      return
    }
    #expect(lost.consequence == consequence)
  }

  @Test("selects sessions by query, and tells one that is not live from a refusal")
  func admin() async throws {
    let server = ScriptedServer(
      .reply(200, #"{"sessions":[]}"#), .reply(200, #"{"ended":2}"#), .reply(200, #"{"ended":0}"#),
      .reply(404, #"{"error":"not_found"}"#), .reply(404, #"{"error":"not_found"}"#),
      .reply(400, #"{"error":"invalid_grant"}"#), .reply(403, #"{"error":"access_denied"}"#))
    let client = server.client()
    #expect(try await client.sessions(of: .subjectAtClient(subject: "a b", client: "c&d")).sessions.isEmpty)
    #expect(try await client.endSessions(of: .subject("ann")) == 2)
    #expect(try await client.endSessions(of: .all) == 0)
    let id = SessionID(high: 1, low: 2)
    #expect(try await client.endSession(id) == false)
    #expect(try await client.session(id) == nil)
    #expect(try await client.consumeOneTimeToken("t", purpose: "p") == nil)
    #expect(
      await error { () throws(TokenClientError) in _ = try await client.session(id) }
        == .refused(Refusal(status: 403, code: "access_denied", text: nil)))
    #expect(
      server.requests.map { "\($0.method) \($0.path)" } == [
        "GET /admin/sessions?subject=a%20b&client_id=c%26d&limit=100", "DELETE /admin/sessions?subject=ann",
        "DELETE /admin/sessions?all=true", "DELETE /admin/sessions/\(id.text)", "GET /admin/sessions/\(id.text)",
        "POST /admin/one-time-tokens/consume", "GET /admin/sessions/\(id.text)",
      ])
  }

  @Test("takes a 404 of anybody else for no answer about a session")
  func foreignNotFound() async {
    let client = ScriptedServer(.reply(404, "<html>")).client()
    #expect(
      await error { () throws(TokenClientError) in _ = try await client.endSession(SessionID(high: 1, low: 2)) }
        == .refused(Refusal(status: 404, code: nil, text: nil)))
  }

  @Test("sends a proof of its key with each request for tokens, and another if the server asks for a nonce")
  func proofs() async throws {
    let server = ScriptedServer(
      .reply(400, #"{"error":"use_dpop_nonce"}"#, fields: ["DPoP-Nonce": "n1"]), .tokens(1), .tokens(2),
      .reply(400, #"{"error":"use_dpop_nonce"}"#, fields: ["dpop-nonce": "n2"]),
      .reply(400, #"{"error":"use_dpop_nonce"}"#, fields: ["dpop-nonce": "n3"]), .reply(200, "{}"))
    let client = TokenServerClient(
      id: "web", pathPrefix: "/auth", proof: { "\($0.method) \($0.path) \($0.nonce ?? "-")" }
    ) { try await server.answer($0) }
    _ = try await client.logIn(user: "ann", password: "p")
    _ = try await client.refresh("r")
    #expect(
      await error { () throws(TokenClientError) in _ = try await client.refresh("r") }
        == .refused(Refusal(status: 400, code: "use_dpop_nonce", text: nil)))
    try await client.revoke("r")
    #expect(
      server.requests.map { $0.fields.first { $0.name == "DPoP" }?.value } == [
        "POST /auth/token -", "POST /auth/token n1", "POST /auth/token n1", "POST /auth/token n1",
        "POST /auth/token n2", nil,
      ])
  }

  @Test("sends nothing if no proof can be made")
  func noProof() async {
    struct Locked: Error {}
    let server = ScriptedServer(.tokens(1))
    let client = TokenServerClient(id: "web", proof: { _ in throw Locked() }) { try await server.answer($0) }
    guard case .notSent? = await error({ () throws(TokenClientError) in _ = try await client.refresh("r") }) else {
      Issue.record("a request without a proof was sent")
      return
    }
    #expect(server.requests.isEmpty)
  }

  @Test("takes tokens with a lifetime that none has for a reply of somebody else", arguments: [-1, Int64.max])
  func lifetimes(seconds: Int64) async {
    let reply = #"{"access_token":"a","token_type":"Bearer","expires_in":\#(seconds)}"#
    let client = ScriptedServer(.reply(200, reply)).client()
    guard case .unknownOutcome? = await error({ () throws(TokenClientError) in _ = try await client.ownToken() }) else {
      Issue.record("it was taken")
      return
    }
  }

  @Test("tells of an introspected token its key, scheme, issuer and audience")
  func introspection() async throws {
    let id = TokenID(session: SessionID(high: 1, low: 2), generation: 3).text
    let facts = #""active":true,"sub":"ann","client_id":"web","scope":"read","jti":"\#(id)","iat":1,"exp":2"#
    let more = #""iss":"https://i","aud":"a","token_type":"DPoP","cnf":{"jkt":"k"}"#
    let server = ScriptedServer(.reply(200, "{\(facts),\(more)}"), .reply(200, "{\(facts)}"))
    let client = server.client()
    let bound = try #require(try await client.introspect("t"))
    #expect(bound.keyThumbprint == "k" && bound.scheme == "DPoP")
    #expect(bound.issuer == "https://i" && bound.audience == "a")
    #expect(try await client.introspect("t")?.keyThumbprint == nil)
  }

  @Test("shows no secret in anything that is printed")
  func redaction() async throws {
    let server = ScriptedServer(.tokens(1))
    let client = server.client(secret: "SECRET-1")
    let tokens = try await client.logIn(user: "ann", password: "SECRET-2")
    let kept = SessionTokens(tokens, at: .zero)
    let request = try #require(server.requests.first)
    let reply = ClientReply(status: 200, fields: [("A", "SECRET-3")], body: Array("SECRET-4".utf8))
    for value in [client, tokens, kept, request, reply] as [Any] {
      var dumped = ""
      dump(value, to: &dumped)
      for text in ["\(value)", String(reflecting: value), dumped] {
        for secret in ["SECRET", "access-1", "refresh-1", "Basic"] { #expect(!text.contains(secret), "\(text)") }
      }
    }
  }
}
