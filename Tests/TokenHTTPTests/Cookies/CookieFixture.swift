import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine

@testable import TokenHTTP

/// The server of ``ServerFixture`` with cookies for its public client `app`, and the requests of a page of its origin.
struct CookieFixture {
  static let cookie = "__Host-refresh-token"

  let server: ServerFixture
  private let path: String?
  private let endsEverywhere: Bool

  init(
    grace: Duration = .seconds(30), path: String? = nil, endsEverywhere: Bool = false, wire: WireFormat = .standard,
    metrics: ServerMetrics? = nil
  ) throws {
    server = try ServerFixture(wire: wire, metrics: metrics) { $0.grace = grace }
    self.path = path
    self.endsEverywhere = endsEverywhere
  }

  func run<Value>(
    trustsProxy: Bool = false, failedLoginsPerMinute: Int = 0,
    _ test: @escaping @Sendable (CookiePage) async throws -> Value
  ) async throws -> Value {
    var options = server.options
    options.trustsProxy = trustsProxy
    options.failedLoginsPerMinute = failedLoginsPerMinute
    options.loginClock = { [start = ContinuousClock.now] in start }
    let routes = try await CookieRoutes.make(
      client: "app", cookie: RefreshCookie(path: path), endsEverywhere: endsEverywhere, clients: server.clients,
      options: server.engine.options)
    return try await TokenApplication.make(
      engine: server.engine, clients: server.clients, options: options, metrics: server.metrics,
      additionalRoutes: [routes], logger: server.logger
    ).application.test(.router) { try await test(CookiePage(client: $0)) }
  }
}

/// A page of the server's origin, in a browser that keeps no cookie by itself.
struct CookiePage: Sendable {
  let client: any TestClientProtocol

  /// The header by which a browser says that a page of the same origin sends this.
  static let ownSite: KeyValuePairs<String, String> = ["Sec-Fetch-Site": "same-origin"]

  func post(
    _ route: String, form: String? = nil, cookies: [String] = [],
    headers: KeyValuePairs<String, String> = CookiePage.ownSite
  ) async throws -> Reply {
    var fields = HTTPFields()
    for (name, value) in headers { if let name = HTTPField.Name(name) { fields[values: name].append(value) } }
    if form != nil { fields[.contentType] = "application/x-www-form-urlencoded" }
    for cookie in cookies { fields[values: .cookie].append(cookie) }
    return try await client.send(
      .post, "/session/\(route)", headers: fields, body: form.map { ByteBuffer(string: $0) })
  }

  func logIn(password: String = ServerFixture.password) async throws -> Reply {
    try await post("login", form: "username=ann&password=\(password.replacing(" ", with: "+"))")
  }

  func refresh(_ token: String) async throws -> Reply {
    try await post("refresh", cookies: ["\(CookieFixture.cookie)=\(token)"])
  }
}

extension Reply {
  var setCookies: [String] { headers[values: .setCookie] }

  /// The value of the cookie that this sets; nil if it sets none.
  var cookieValue: String? {
    let pair = setCookies.first?.split(separator: ";").first
    return pair?.split(separator: "=", maxSplits: 1).last.map(String.init)
  }
}
