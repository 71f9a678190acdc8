import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerTesting
import Testing
import TokenEngine
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenHTTP

@Suite("A bearer")
struct BearerTests {
  @Test("that is good shows on /me its subject, client and scopes")
  func me() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.get("/me", bearer: pair.accessToken)
      #expect(reply.status == 200)
      #expect(
        Set(reply.members.keys) == ["subject", "client", "scope", "scopes", "session", "issued_at", "expires_at"])
      #expect(reply["subject"] == "ann")
      #expect(reply["client"] == "web")
      #expect(reply["scope"] == "read write")
      #expect(reply.members["scopes"] as? [String] == ["read", "write"])
      #expect(reply["session"] == pair.session.text)
      #expect(reply.number("issued_at").map(Int64.init) == fixture.clock.now.seconds)
      #expect(reply.number("expires_at").map(Int64.init) == fixture.clock.now.seconds + 900)
      #expect(reply.headers[.cacheControl] == "no-store")
    }
  }

  @Test("that is good shows on /public")
  func publicGood() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let reply = try await fixture.run { try await $0.get("/public", bearer: pair.accessToken) }
    #expect(reply.status == 200)
    #expect(reply.text == #"{"authenticated":true,"subject":"ann"}"#)
  }

  @Test("that is absent leaves /public working, and /me asks for one without an error")
  func absent() async throws {
    try await ServerFixture().run { client async throws in
      #expect(try await client.get("/public").text == #"{"authenticated":false}"#)
      let me = try await client.get("/me")
      #expect(me.status == 401)
      #expect(me.headers[.wwwAuthenticate]?.hasPrefix("Bearer realm=\"refresh-ledger\", DPoP ") == true)
      #expect(me["error"] == nil)
      #expect(me.headers[.cacheControl] == "no-store")
      let basicOnly = try await client.send(.get, "/me", headers: [.authorization: "Basic YTpi"])
      #expect(basicOnly.headers[.wwwAuthenticate] == me.headers[.wwwAuthenticate])
    }
  }

  @Test("that has expired leaves /public working, and /me says so")
  func expired() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    fixture.clock.advance(milliseconds: 900_000)
    try await fixture.run { client async throws in
      let open = try await client.get("/public", bearer: pair.accessToken)
      #expect(open.status == 200)
      #expect(open.text == #"{"authenticated":false}"#)
      let me = try await client.get("/me", bearer: pair.accessToken)
      #expect(me.status == 401)
      #expect(me["error"] == "invalid_token")
      #expect(
        me.headers[.wwwAuthenticate]
          == "Bearer error=\"invalid_token\", error_description=\"The access token has expired\"")
    }
  }

  @Test("that is broken, foreign or no access token leaves /public working, and /me refuses it")
  func broken() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let foreign = try await ServerFixture().pair()
    let huge = String(repeating: "a", count: 1 << 20)
    try await fixture.run { client async throws in
      for token in ["", "x", "a.b.c", pair.refreshToken, foreign.accessToken, pair.accessToken + "A", huge, "é"] {
        let open = try await client.get("/public", bearer: token)
        #expect(open.status == 200)
        #expect(open.text == #"{"authenticated":false}"#)
        let me = try await client.get("/me", bearer: token)
        #expect(me.status == 401)
        #expect(
          me.headers[.wwwAuthenticate]
            == "Bearer error=\"invalid_token\", error_description=\"The access token is not valid\"")
      }
    }
  }

  @Test("beside another Authorization header is malformed, whichever of the two is good")
  func twoHeaders() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      for other in ["Bearer x", "Basic YTpi", "Bearer \(pair.accessToken)"] {
        var headers = HTTPFields()
        headers.append(HTTPField(name: .authorization, value: "Bearer \(pair.accessToken)"))
        headers.append(HTTPField(name: .authorization, value: other))
        #expect(try await client.send(.get, "/me", headers: headers).status == 401)
        #expect(try await client.send(.get, "/public", headers: headers).text == #"{"authenticated":false}"#)
      }
    }
  }

  @Test("has a scheme of any case and spaces before it", arguments: ["bearer ", "BEARER ", "Bearer   "])
  func scheme(prefix: String) async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let reply = try await fixture.run {
      try await $0.send(.get, "/me", headers: [.authorization: prefix + pair.accessToken])
    }
    #expect(reply.status == 200)
  }

  @Test("is not read from the query")
  func query() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let reply = try await fixture.run { try await $0.get("/me?access_token=\(pair.accessToken)") }
    #expect(reply.status == 401)
    #expect(reply["error"] == nil)
  }

  @Test("is told to a route of an embedder as anonymous, rejected with the reason, or authenticated")
  func states() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let router = Router(context: TokenRequestContext.self)
    router.add(middleware: BearerAuthenticator(engine: fixture.engine))
    router.get("state") { _, context -> String in
      switch context.bearer {
      case .anonymous: "anonymous"
      case .rejected(let fault): fault.rawValue
      case .authenticated(let token): token.subject
      case .unproven(let bad): bad.fault.rawValue
      }
    }
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      #expect(try await client.get("/state").text == "anonymous")
      #expect(try await client.get("/state", bearer: pair.accessToken).text == "ann")
      #expect(try await client.get("/state", bearer: pair.refreshToken).text == "wrong_type")
      #expect(try await client.get("/state", bearer: "x").text == "malformed")
      _ = try await fixture.engine.revoke(pair.session)
      #expect(try await client.get("/state", bearer: pair.accessToken).text == "revoked")
    }
  }

  @Test("without the scope of a route is answered 403 insufficient_scope, and one without any 401")
  func requireScope() async throws {
    let fixture = try ServerFixture()
    let narrow = try await fixture.pair(scopes: "read")
    let wide = try await fixture.pair(scopes: "write read")
    let router = Router(context: TokenRequestContext.self)
    router.group("albums")
      .add(middleware: BearerAuthenticator(engine: fixture.engine))
      .add(middleware: RequireScope("read", "write"))
      .get { _, _ in "albums" }
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      #expect(try await client.get("/albums", bearer: wide.accessToken).text == "albums")
      let refused = try await client.get("/albums", bearer: narrow.accessToken)
      #expect(refused.status == 403)
      #expect(refused["error"] == "insufficient_scope")
      let challenge = try #require(refused.headers[.wwwAuthenticate])
      #expect(challenge.hasPrefix("Bearer error=\"insufficient_scope\", error_description=\""))
      #expect(challenge.hasSuffix(", scope=\"read write\""))
      #expect(try await client.get("/albums").status == 401)
      #expect(try await client.get("/albums", bearer: "x").status == 401)
    }
  }
}
