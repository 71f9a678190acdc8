import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("GET /auth")
struct ForwardAuthenticationTests {
  private func header(_ reply: Reply, _ name: String) -> String? {
    HTTPField.Name(name).flatMap { reply.headers[$0] }
  }

  @Test(
    "names the caller to the proxy, with or without a scope that the token has",
    arguments: [
      "", "?scope=read", "?scope=read%20write", "?scope=read+write", "?scope=read&scope=write", "?x=1&x=1&scope=read",
    ])
  func lets(query: String) async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.get("/auth\(query)", bearer: pair.accessToken)
      #expect(reply.status == 204 && reply.text.isEmpty && reply.headers[.cacheControl] == "no-store")
      #expect(header(reply, "X-Auth-Subject") == "ann" && header(reply, "X-Auth-Client") == "web")
      #expect(header(reply, "X-Auth-Scopes") == "read write")
    }
  }

  @Test("is 401 without a good bearer, 403 where a scope is missing, 400 for what is no scope")
  func refuses() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair(scopes: "read")
    try await fixture.run { client async throws in
      let none = try await client.get("/auth")
      #expect(
        none.status == 401 && none.headers[.wwwAuthenticate]?.hasPrefix("Bearer realm=\"refresh-ledger\"") == true)
      #expect(try await client.get("/auth", bearer: pair.accessToken + "x").status == 401)
      for query in ["?scope=write", "?scope=read%20write", "?scope=read+write", "?scope=read&scope=write"] {
        let missing = try await client.get("/auth\(query)", bearer: pair.accessToken)
        #expect(missing.status == 403 && missing["error"] == "insufficient_scope", "\(query)")
      }
      for query in ["?scope=%22", "?scope=%zz", "?scope=read&x=%ff", "?scope=read++read"] {
        #expect(try await client.get("/auth\(query)", bearer: pair.accessToken).status == 400, "\(query)")
      }
    }
  }

  @Test(
    "gives names to the proxy in visible ASCII",
    arguments: [
      ("ann", "ann"), ("a b", "a b"), (" ann ", "%20ann%20"), (" ", "%20"), ("ren\u{E9}", "ren%C3%A9"),
      ("50%\r\nX: y", "50%25%0D%0AX: y"),
    ])
  func headerText(name: String, text: String) {
    #expect(ForwardAuthentication.headerText(name) == text)
  }
}

@Suite("The metadata of the server")
struct ServerMetadataTests {
  @Test("name the issuer byte for byte and the endpoints below it")
  func metadata() async throws {
    let fixture = try ServerFixture(pathPrefix: "/auth") { $0.issuer = "https://id.example.org/" }
    try await fixture.run { client async throws in
      let reply = try await client.get("/auth/.well-known/oauth-authorization-server")
      #expect(reply.status == 200 && reply["issuer"] == "https://id.example.org/")
      #expect(reply["token_endpoint"] == "https://id.example.org/auth/token")
      #expect(reply["revocation_endpoint"] == "https://id.example.org/auth/revoke")
      #expect(reply["introspection_endpoint"] == "https://id.example.org/auth/introspect")
      #expect(reply["jwks_uri"] == "https://id.example.org/auth/.well-known/jwks.json")
    }
  }

  @Test(
    "are found by the issuer alone, between its host and its path, and lead to routes that are there",
    arguments: [("", ""), ("/auth", "/auth"), ("", "/auth"), ("/id", "/auth"), ("/id/auth", "/auth")])
  func routesExist(issuerPath: String, prefix: String) async throws {
    let fixture = try ServerFixture(pathPrefix: prefix) { $0.issuer = "https://id.example.org\(issuerPath)" }
    // A proxy that serves an issuer with a path of its own takes that off.
    let base = issuerPath.hasSuffix(prefix) ? issuerPath : issuerPath + prefix
    try await fixture.run { client async throws in
      let reply = try await client.get("/.well-known/oauth-authorization-server\(issuerPath)")
      #expect(reply.text == (try await client.get("\(prefix)/.well-known/oauth-authorization-server").text))
      for (name, value) in reply.members where name.hasSuffix("_endpoint") || name == "jwks_uri" {
        let url = try #require(value as? String)
        #expect(url.hasPrefix("https://id.example.org\(base)/"), "\(name)")
        let path = prefix + url.dropFirst("https://id.example.org\(base)".count)
        #expect(try await client.send(.put, path).status == 405, "\(name)")
      }
    }
  }
}
