import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerTesting
import Logging
import NIOCore
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine
@testable import TokenHTTP

/// The server over an engine in memory, with one user, a confidential client, a public one and a clock that stands
/// still.
struct ServerFixture {
  static let password = "correct horse"
  static let secret = "a-secret-of-the-web-client"

  let clock: ManualClock
  let observer: any EngineObserver
  let recorder = RecordingObserver()
  let subjects = SubjectTable()
  let clients = ClientTable()
  let keys = TokenKeys.generate()
  let engine: RotationEngine
  let options: ServerOptions
  let metrics: ServerMetrics?
  let logger: Logger

  init(
    wire: WireFormat = .standard, pathPrefix: String = "", observer: (any EngineObserver)? = nil,
    metrics: ServerMetrics? = nil,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    clock: ManualClock = ManualClock(), ledger: (any SessionLedger)? = nil,
    _ change: (inout EngineOptions) -> Void = { _ in }
  ) throws {
    self.clock = clock
    var engineOptions = EngineOptions()
    change(&engineOptions)
    var options = ServerOptions()
    options.wire = wire
    options.pathPrefix = pathPrefix
    self.options = options
    self.logger = logger
    self.metrics = metrics
    if let metrics {
      self.observer = EngineObserverGroup(observer ?? recorder, metrics.observer)
    } else {
      self.observer = observer ?? recorder
    }
    let ledger = ledger ?? RefreshLedger.inMemory(clock: clock.sessionClock, random: SeededGenerator(seed: 7))
    engine = RotationEngine(
      options: engineOptions, keys: KeyRing(keys), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock.sessionClock,
      observer: self.observer)
    subjects.set(Subject(id: "ann", scopes: ["read", "write", "admin"]), password: Self.password)
    clients.set(Client(id: "web", isPublic: false, scopes: Scopes("read write")), secret: Self.secret)
    clients.set(Client(id: "app", isPublic: true, scopes: Scopes("read")))
  }

  var application: Application<RouterResponder<TokenRequestContext>> {
    TokenApplication.make(
      engine: engine, clients: clients, options: options, metrics: metrics, logger: logger
    ).application
  }

  /// Runs requests over a connection that are answered before they have been read.
  ///
  /// The server ends its side then, and a client that is still writing takes that for a failure and reads no reply: it
  /// tries again.
  func runAnsweredEarly(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    for _ in 1..<20 {
      do { return try await application.test(.live, test) } catch ChannelError.ioOnClosedChannel {}
    }
    try await application.test(.live, test)
  }

  func run<Value>(
    failedLoginsPerMinute: Int = 0, trustsProxy: Bool = false, allowedOrigins: Set<String> = [],
    allowedHeaders: Set<String> = [],
    _ test: @Sendable (any TestClientProtocol) async throws -> Value
  ) async throws -> Value {
    var options = options
    options.failedLoginsPerMinute = failedLoginsPerMinute
    // However slowly a test runs, the minute does not pass.
    options.loginClock = { [start = ContinuousClock.now] in start }
    options.trustsProxy = trustsProxy
    options.allowedOrigins = allowedOrigins
    options.allowedHeaders = allowedHeaders
    return try await TokenApplication.make(
      engine: engine, clients: clients, options: options, metrics: metrics, logger: logger
    ).application.test(.router, test)
  }

  /// The identifier of a token that was handed out, for minting others like it.
  func identifier(of pair: TokenPair, generation: UInt32) -> TokenIdentifier {
    TokenIdentifier(sessionHigh: pair.session.high, sessionLow: pair.session.low, generation: generation)
  }

  /// Opens a session without HTTP.
  func pair(client: String = "web", scopes: String = "read write") async throws -> TokenPair {
    try await engine.openUncheckedSession(
      subject: "ann", client: Client(id: client, isPublic: false), scopes: Scopes(scopes) ?? [])
  }
}
