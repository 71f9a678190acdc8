import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine
import TokenHTTP

// docs:some-routes
/// A service that has `/me` and `/health/ready` already, and refuses in its own words.
func shopRouter(engine: RotationEngine, clients: any ClientStore) -> Router<TokenRequestContext> {
  let challenge = BearerChallenge(realm: "shop") { fault in
    .init(#"{"message":"please log in","reason":"\#(fault == .missing ? "none" : "bad")"}"#)
  }
  var options = ServerOptions()
  options.bearerChallenge = challenge
  let router = Router(context: TokenRequestContext.self)
  router.get("health/ready") { _, _ in "ready\n" }
  TokenRoutes(
    engine: engine, clients: clients, options: options, routes: .all.subtracting([.caller, .readiness, .admin])
  ).add(to: router)
  router.group().add(middleware: BearerAuthenticator(engine: engine)).get("me") { _, context in
    let token = try context.requireAccessToken(scopes: "read", challenge: challenge)
    return "you are \(token.subject)\n"
  }
  return router
}
// docs:end

@Suite("Token routes on a router that has some of their paths")
struct TokenRouteSetTests {
  private func run<Value>(
    _ fixture: ServerFixture, _ routes: TokenRouteSet? = nil,
    _ test: @Sendable (any TestClientProtocol) async throws -> Value
  ) async throws -> Value {
    var router = shopRouter(engine: fixture.engine, clients: fixture.clients)
    if let routes {
      router = Router(context: TokenRequestContext.self)
      TokenRoutes(engine: fixture.engine, clients: fixture.clients, routes: routes).add(to: router)
    }
    return try await Application(router: router, logger: fixture.logger).test(.router, test)
  }

  @Test("leave those to it, and answer the others")
  func leavesOut() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await run(fixture) { client async throws in
      #expect(try await client.get("/health/ready").text == "ready\n")
      #expect(try await client.get("/me", bearer: pair.accessToken).text == "you are ann\n")
      #expect(try await client.refresh(pair.refreshToken).status == 200)
      #expect(try await client.send(.put, "/auth").status == 405)
      #expect(try await client.send(.get, "/admin/sessions").status == 404)
    }
  }

  @Test("refuse in its realm and words, with the statuses and challenges of RFC 6750")
  func refusesInItsWords() async throws {
    let fixture = try ServerFixture()
    let narrow = try await fixture.pair(scopes: "write")
    try await run(fixture) { client async throws in
      for path in ["/me", "/auth"] {
        let none = try await client.get(path)
        #expect(none.status == 401 && none.text == #"{"message":"please log in","reason":"none"}"#)
        #expect(none.headers[.wwwAuthenticate]?.hasPrefix("Bearer realm=\"shop\", DPoP realm=\"shop\", algs=") == true)
        #expect(none.headers[.contentType] == "application/json" && none.headers[.cacheControl] == "no-store")
        let bad = try await client.get(path, bearer: "x")
        #expect(bad.status == 401 && bad.text == #"{"message":"please log in","reason":"bad"}"#)
        let challenge = try #require(bad.headers[.wwwAuthenticate])
        #expect(challenge.hasPrefix("Bearer realm=\"shop\", error=\"invalid_token\", error_description=\""))
      }
      let poor = try await client.get("/me", bearer: narrow.accessToken)
      #expect(poor.status == 403)
      #expect(poor.headers[.wwwAuthenticate]?.hasSuffix("scope=\"read\"") == true)
    }
  }

  @Test("can be each alone, and metadata name what is there")
  func alone() async throws {
    let fixture = try ServerFixture()
    let paths: [(TokenRouteSet, String)] = [
      (.token, "/token"), (.revocation, "/revoke"), (.introspection, "/introspect"),
      (.metadata, "/.well-known/oauth-authorization-server"), (.publicKeys, "/.well-known/jwks.json"),
      (.description, "/openapi.json"), (.caller, "/me"), (.publicCaller, "/public"), (.forwardAuthentication, "/auth"),
      (.liveness, "/health/live"), (.readiness, "/health/ready"), (.admin, "/admin/sessions"),
    ]
    #expect(TokenRouteSet(paths.map(\.0)) == .all)
    for (routes, _) in paths {
      try await run(fixture, routes) { client async throws in
        for (other, path) in paths {
          // Answered 405 where the path is there, and by the router's own 404 where not.
          #expect(try await client.send(.patch, path).status == (other == routes ? 405 : 404), "\(path)")
        }
      }
    }
    try await run(fixture, [.metadata, .token]) { client async throws in
      let metadata = try await client.get("/.well-known/oauth-authorization-server")
      #expect(metadata["token_endpoint"] != nil)
      #expect(metadata["revocation_endpoint"] == nil && metadata["jwks_uri"] == nil)
    }
  }

  @Test("throw a refusal that any application answers, the server's own too")
  func thrownRefusal() async throws {
    let fixture = try ServerFixture()
    let router = Router(context: TokenRequestContext.self)
    router.get("open") { _, context in try context.requireAccessToken().subject }
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      let reply = try await client.get("/open")
      #expect(reply.status == 401)
    }
  }
}
