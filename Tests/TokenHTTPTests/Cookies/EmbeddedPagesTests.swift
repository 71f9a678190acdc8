import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine
import TokenHTTP

// docs:pages
/// The token server's routes, those with a cookie for the pages of the client `app`, and a form of the application's
/// own.
func pagesRouter(engine: RotationEngine, clients: any ClientStore) async throws -> Router<TokenRequestContext> {
  let cookies = try await CookieRoutes.make(client: "app", clients: clients, options: engine.options)
  let router = Router(context: TokenRequestContext.self)
  TokenRoutes(engine: engine, clients: clients, additionalRoutes: [cookies]).add(to: router, pathPrefix: "/auth")
  router.group("feedback")
    .add(middleware: SameOriginRequests(speaksTLS: false, trustsProxy: true))
    .post { _, _ in "thank you\n" }
  return router
}
// docs:end

@Suite("Cookies on a router of an embedder's own")
struct EmbeddedPagesTests {
  @Test("are below the path prefix, and other sites reach neither them nor the routes that it protects")
  func embedded() async throws {
    let fixture = try ServerFixture { $0.grace = .seconds(5) }
    let router = try await pagesRouter(engine: fixture.engine, clients: fixture.clients)
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      func post(_ path: String, _ site: String, _ form: String = "") async throws -> Reply {
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = site }
        return try await client.send(.post, path, headers: headers, body: ByteBuffer(string: form))
      }
      let logIn = "username=ann&password=correct+horse"
      let reply = try await post("/auth/session/login", "same-origin", logIn)
      #expect(reply.status == 200 && reply.headers[values: .setCookie].count == 1)
      #expect(try await post("/auth/session/login", "cross-site", logIn).status == 403)
      #expect(try await post("/feedback", "same-origin").text == "thank you\n")
      #expect(try await post("/feedback", "same-site").status == 403)
    }
  }

  @Test("are not made for a client whose grace window is too short")
  func shortGrace() async throws {
    let fixture = try ServerFixture { $0.grace = .seconds(4) }
    await #expect(throws: CookieClientFault.self) {
      _ = try await pagesRouter(engine: fixture.engine, clients: fixture.clients)
    }
  }
}
