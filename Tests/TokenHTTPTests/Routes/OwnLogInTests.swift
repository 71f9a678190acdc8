import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine
import TokenHTTP
import TokenObservability

// docs:own-log-in
/// A log-in of an application's own, for its pages: with the bound, the figures and the spans that the token endpoint
/// has.
struct OwnLogIn: Sendable {
  struct Credentials: Decodable {
    var name: String
    var password: String
  }

  let engine: RotationEngine
  let client: Client
  /// One for all routes that take passwords.
  let limiter: LoginLimiter
  let grants: GrantObservation
  let addresses = AddressSource(trustsProxy: false)
  let cookie = RefreshCookie(name: "shop")

  func add(to router: Router<TokenRequestContext>) {
    router.group("login").add(middleware: SameOriginRequests(speaksTLS: false)).post { request, context in
      let credentials = try await request.decode(as: Credentials.self, context: context)
      return try await logIn(credentials, from: addresses.address(of: request, context: context))
    }
  }

  private func logIn(_ credentials: Credentials, from address: PeerAddress?) async throws -> Response {
    let name = credentials.name
    let answer = try await limiter.logIn(client: client.id, address: address, name: name) {
      () async throws(EngineError) in
      try await grants.watch(.password) { () async throws(EngineError) in
        try await engine.logIn(name: name, password: credentials.password, client: client)
      }
    }
    switch answer {
    case .answered(.granted(let pair)):
      var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: pair.accessToken)))
      cookie.set(pair, in: &response)
      return response
    case .answered(.refused):
      throw HTTPError(.unauthorized)
    case .putOff(let wait):
      grants.metrics?.notePutOff()
      throw HTTPError(.tooManyRequests, headers: [.retryAfter: "\(wait.components.seconds + 1)"])
    }
  }
}
// docs:end

@Suite("A log-in route of an embedder's own")
struct OwnLogInTests {
  @Test("has the bound, the counts and the cookie that the server's routes have")
  func ownRoute() async throws {
    let counted = CountedMetrics()
    let fixture = try ServerFixture(metrics: counted.server)
    let now = ContinuousClock.now
    let route = OwnLogIn(
      engine: fixture.engine, client: Client(id: "app", isPublic: true),
      limiter: LoginLimiter(failuresPerMinute: 2, now: { now }),
      grants: GrantObservation(metrics: counted.server.grants))
    let router = Router(context: TokenRequestContext.self)
    route.add(to: router)
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      func logIn(_ password: String, site: String = "same-origin") async throws -> Reply {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = site }
        return try await client.send(
          .post, "/login", headers: headers, body: ByteBuffer(string: #"{"name":"ann","password":"\#(password)"}"#))
      }
      #expect(try await logIn(ServerFixture.password, site: "cross-site").status == 403)
      let reply = try await logIn(ServerFixture.password)
      #expect(try fixture.engine.verify(reply.text).subject == "ann")
      #expect(reply.headers[values: .setCookie].first?.hasPrefix("__Host-shop=") == true)
      #expect(try await logIn("guess").status == 401)
      #expect(try await logIn("guess").status == 401)
      let putOff = try await logIn(ServerFixture.password)
      #expect(putOff.status == 429 && putOff.headers[.retryAfter] == "31")
    }
    #expect(
      counted.counts == [
        "sessions_opened_total": 1, "refusals_total{bad_credentials}": 2, "login_failures_total": 2,
        "logins_put_off_total": 1,
      ])
  }
}
