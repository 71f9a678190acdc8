import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InMemoryLogging
import LedgerTesting
import Logging
import NIOCore
import Synchronization
import TokenEngine
import TokenTesting

@testable import TokenConsole
@testable import TokenHTTP

/// A server with a console, an admin client `boss`, and time that the test moves.
struct ConsoleFixture {
  final class Stopwatch: Sendable {
    private let instant = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }
  }

  let stopwatch = Stopwatch()
  let kept = InMemoryLogHandler()
  let console: AdminConsole
  let server: ServerFixture
  let base: String

  init(wire: WireFormat = .standard, pathPrefix: String = "", path: String = "/console") throws {
    console = AdminConsole(path: path, clock: { [stopwatch] in stopwatch.now })
    let logger = Logger(label: "test", factory: { [kept] _ in kept })
    server = try ServerFixture(wire: wire, pathPrefix: pathPrefix, observer: console.observer, logger: logger)
    server.clients.set(Client(id: "boss", isPublic: false, isAdmin: true), secret: ServerFixture.secret)
    base = pathPrefix + path
  }

  func run<Value>(
    engine: RotationEngine? = nil, failedLoginsPerMinute: Int = 0, trustsProxy: Bool = false,
    _ test: @Sendable (ConsoleBrowser) async throws -> Value
  ) async throws -> Value {
    var options = server.options
    options.failedLoginsPerMinute = failedLoginsPerMinute
    // However slowly a test runs, the minute does not pass.
    options.loginClock = { [start = ContinuousClock.now] in start }
    options.trustsProxy = trustsProxy
    let application = TokenApplication.make(
      engine: engine ?? server.engine, clients: server.clients, options: options, additionalRoutes: [console],
      logger: server.logger
    ).application
    return try await application.test(.router) { [base] client async throws in
      try await test(ConsoleBrowser(client: client, base: base))
    }
  }

  /// The secret of a new link.
  func linkSecret() -> String {
    console.makeLink().split(separator: "secret=").last.map(String.init) ?? ""
  }

  /// All log lines.
  var allLines: [String] { kept.entries.map { "\($0.level) \($0.message) \($0.metadata)" } }

  /// What the log lines of the console say.
  var lines: [String] {
    kept.entries.filter { "\($0.message)".hasPrefix("console:") }.map { "\($0.message) \($0.metadata)" }
  }
}

/// Asks as a browser does, with the cookie that it was given last.
struct ConsoleBrowser: Sendable {
  let client: any TestClientProtocol
  let base: String
  private let jar = Jar()

  private final class Jar: Sendable {
    let cookie = Mutex<String?>(nil)
  }

  init(client: any TestClientProtocol, base: String) {
    self.client = client
    self.base = base
  }

  /// `name=value`; nil before the first.
  var cookie: String? {
    get { jar.cookie.withLock { $0 } }
    nonmutating set { jar.cookie.withLock { $0 = newValue } }
  }

  func get(_ path: String, method: HTTPRequest.Method = .get) async throws -> Reply {
    var headers = HTTPFields()
    headers[.cookie] = cookie
    return try await client.send(method, base + path, headers: headers)
  }

  /// A form of a page of the server, or, with another `origin`, of another.
  func post(
    _ path: String, _ form: KeyValuePairs<String, String> = [:], origin: (name: String, value: String)? = nil,
    _ more: HTTPFields = [:]
  ) async throws -> Reply {
    var headers = more
    headers[.cookie] = cookie
    headers[.contentType] = "application/x-www-form-urlencoded"
    let (name, value) = origin ?? ("Sec-Fetch-Site", "same-origin")
    if let name = HTTPField.Name(name) { headers[name] = value }
    let body = form.map { "\($0.key)=\(FigureText.escaped($0.value))" }.joined(separator: "&")
    let reply = try await client.send(.post, base + path, headers: headers, body: ByteBuffer(string: body))
    if let set = reply.headers[.setCookie] { cookie = set.split(separator: ";").first.map(String.init) }
    return reply
  }

  @discardableResult
  func signIn(secret: String = ServerFixture.secret, id: String = "boss") async throws -> Reply {
    try await post("/sign-in", ["client_id": id, "client_secret": secret])
  }

  /// What forms of this stay must carry.
  func formToken() async throws -> String {
    let page = try await get("")
    let rest = page.text.split(separator: "name=\"form_token\" value=\"").dropFirst().first ?? ""
    return String(rest.prefix { $0 != "\"" })
  }
}
