import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("The URI that a proof has to name")
struct ProofAddressTests {
  private func status(
    _ uri: String, _ fixture: ServerFixture, trustsProxy: Bool = false, path: String = "/token",
    headers: [(String, String)] = []
  ) async throws -> Int {
    let maker = ProofMaker(fixture)
    var fields = HTTPFields()
    for (name, value) in headers {
      if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
    }
    let more = fields
    return try await fixture.run(trustsProxy: trustsProxy) { client async throws in
      try await client.grant(
        "grant_type=password&username=ann&password=correct%20horse&client_id=app",
        proofs: [maker.proof("POST", "", base: uri)], headers: more, path: path
      ).status
    }
  }

  @Test(
    "is accepted in each spelling of the same one",
    arguments: [
      "http://localhost/token", "HTTP://LocalHost/token", "http://localhost:80/token", "http://localhost/%74oken",
      "http://localhost/token?x=1", "http://localhost/token#x",
    ])
  func same(uri: String) async throws {
    #expect(try await status(uri, ServerFixture()) == 200)
  }

  @Test(
    "is refused if it is any other",
    arguments: [
      "https://localhost/token", "http://localhost:8080/token", "http://localhost/Token", "http://localhost/token/",
      "http://localhost//token", "http://localhost/", "http://localhost", "http://127.0.0.1/token", "/token",
      "http://localhost/x/../token", "http://ann@localhost/token", "",
    ])
  func other(uri: String) async throws {
    #expect(try await status(uri, ServerFixture()) == 400)
  }

  @Test("has the path prefix")
  func prefix() async throws {
    let fixture = try ServerFixture(pathPrefix: "/id")
    #expect(try await status("http://localhost/id/token", fixture, path: "/id/token") == 200)
    #expect(try await status("http://localhost/token", fixture, path: "/id/token") == 400)
  }

  @Test("is that of the proxy's client, if the proxy is trusted, and otherwise its headers do not count")
  func proxy() async throws {
    let fixture = try ServerFixture()
    let headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "id.example:8443")]
    let uri = "https://id.example:8443/token"
    #expect(try await status(uri, fixture, trustsProxy: true, headers: headers) == 200)
    #expect(try await status(uri, fixture, headers: headers) == 400)
    #expect(try await status("http://localhost/token", fixture, headers: headers) == 200)
    #expect(try await status("http://localhost/token", fixture, trustsProxy: true, headers: headers) == 400)
    #expect(try await status("http://localhost/token", fixture, trustsProxy: true) == 200)
    let prefixed = headers + [("X-Forwarded-Prefix", "/id/")]
    #expect(
      try await status("https://id.example:8443/id/token", fixture, trustsProxy: true, headers: prefixed) == 200)
  }

  @Test("is what the nearest proxy has written, which stands last")
  func nearest() async throws {
    let headers = [
      ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Host", "evil.example, id.example"),
      ("X-Forwarded-Proto", "http, https"),
    ]
    let fixture = try ServerFixture()
    #expect(try await status("https://id.example/token", fixture, trustsProxy: true, headers: headers) == 200)
    #expect(try await status("http://evil.example/token", fixture, trustsProxy: true, headers: headers) == 400)
  }

  @Test("begins with https at a server that speaks TLS itself, and then with nothing else")
  func encrypted() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let token = try await fixture.run { try await $0.logIn(proofs: [maker.proof()])["access_token"] ?? "" }
    let router = Router(context: TokenRequestContext.self)
    router.group()
      .add(middleware: BearerAuthenticator(engine: fixture.engine, addressing: RequestAddressing(isEncrypted: true)))
      .add(middleware: RequireScope())
      .get("albums") { _, _ in "albums" }
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      for (base, status) in [("http://localhost", 401), ("https://localhost", 200), ("https://localhost:443", 200)] {
        let proof = maker.proof("GET", "/albums", base: base, accessToken: token)
        #expect(try await client.get("/albums", dpop: token, proofs: [proof]).status == status, "\(base)")
      }
    }
  }

  @Test("is sent by pages of listed origins, which read the nonce of the reply")
  func pages() async throws {
    let fixture = try ServerFixture { $0.dpop.asksForNonces = true }
    try await fixture.run(allowedOrigins: ["https://app.example"]) { client async throws in
      let preflight = try await client.send(.options, "/token", headers: [.origin: "https://app.example"])
      #expect(preflight.headers[.accessControlAllowHeaders]?.contains("dpop") == true)
      let reply = try await client.send(.get, "/me", headers: [.origin: "https://app.example"])
      #expect(reply.headers.nonce != nil)
      #expect(reply.headers[.accessControlExposeHeaders]?.contains("DPoP-Nonce") == true)
    }
  }
}
