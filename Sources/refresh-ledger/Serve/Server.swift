import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage
import TokenAccounts
import TokenConsole
import TokenEngine
import TokenHTTP
import TokenLedger
import TokenObservability
import TokenSigning
import UnixSignals

/// A server from its settings to its end: it opens, listens, announces itself, serves, drains and closes.
struct Server {
  private(set) var settings: ServerSettings
  let store: StorePlace
  let logger: Logger
  let output: ServeOutput
  let notification: ServiceNotification
  /// The files of the settings and those that they name, which can be in the data folder.
  private let namedFiles: [String]
  private let metrics: ServerMetrics
  private let console: AdminConsole?
  private let accountLog: AccountLog

  init(
    settings: ServerSettings, configurationPath: String?, dataPath: String, logger: Logger, output: ServeOutput,
    notification: ServiceNotification
  ) {
    self.settings = settings
    namedFiles = settings.namedFiles + [configurationPath].compactMap(\.self)
    store = StorePlace(settings.store, folder: dataPath)
    self.logger = logger
    self.output = output
    let metricStore: TokenMetric.Store =
      switch settings.store.kind {
      case .embedded: .embedded
      case .postgres: .postgres
      }
    metrics = .prometheus(droppedLines: output.dropped, store: metricStore)
    accountLog = AccountLog(logger)
    console = settings.consolePath.map { AdminConsole(path: $0) }
    self.notification = notification
  }

  /// The text to print as soon as the server listens.
  private final class Announcement: Sendable {
    private let pending: Mutex<FirstStart?>
    private let print: @Sendable (FirstStart, Int) -> Void

    init(_ first: FirstStart, print: @escaping @Sendable (FirstStart, Int) -> Void) {
      pending = Mutex(first)
      self.print = print
    }

    /// Prints the text at the first call.
    func make(port: Int) {
      let first = pending.withLock { pending in
        defer { pending = nil }
        return pending
      }
      if let first { print(first, port) }
    }
  }

  /// Runs the server, and returns after a graceful shutdown, with the log closed cleanly.
  func run() async throws(CommandError) {
    var options = settings.http
    options.connectionsMax = try DescriptorLimit.connectionsMax(options.connectionsMax, logger: logger)
    options.certificate = try TLSCertificate.load(settings, logger: logger)
    let address: StartAddress
    switch store {
    case .folder(let path):
      try DataFolder.take(path, beside: namedFiles)
      address = try StartAddress(settings, folder: path)
    case .database: address = try StartAddress(shared: settings)
    }
    options.port = address.settings.http.port
    var server = self
    server.settings = address.settings
    try await server.run(options, at: address)
  }

  private func run(_ options: ServerOptions, at address: StartAddress) async throws(CommandError) {
    let (ended, end) = AsyncStream<SessionScope>.makeStream()
    let ground: ServerGround
    do throws(CommandError) {
      ground = try await open { scope in end.yield(scope) }
    } catch {
      address.withdraw()
      throw error
    }
    let engine = ground.engine
    address.tell(logger)
    tell(of: ground)
    let announcement = Announcement(ground.first) { first, port in announce(first, port: port) }
    let links = console.map { ConsoleLinks(console: $0, output: output, logger: logger) }
    let routes: [(any AdditionalRoutes)?] = [console, ground.cookies]
    let application = TokenApplication.make(
      engine: engine, clients: ground.clients, options: options, metrics: metrics,
      additionalRoutes: routes.compactMap(\.self), logger: logger,
      onServerRunning: { port in
        address.letGo()
        announcement.make(port: port)
        links?.offer(below: settings.reachableURL(port: port))
        notification.tell(.ready)
      })
    let reload = Reload(
      users: ground.users, clients: ground.clients, engine: engine, certificate: options.certificate,
      notification: notification, logger: logger)
    let revocation = AccountRevocation(
      engine: engine, users: ground.users, clients: ground.clients, ended: ended, logger: logger)
    let deadline = ShutdownDeadline(
      drain: settings.drain, store: store, notification: notification, output: output)
    let watchdog = notification.watchdogInterval.map {
      Watchdog(engine: engine, notification: notification, interval: $0)
    }
    // The last service is told of the shutdown first, and the engine after all others have ended.
    let services: [(any Service)?] = [engine, reload, revocation, watchdog, links, application, deadline]
    try await serve(services.compactMap(\.self), announcement)
  }

  private func open(onEnd: @escaping @Sendable (SessionScope) -> Void) async throws(CommandError) -> ServerGround {
    let observer: @Sendable (AccountFileEvent) -> Void = { [accountLog] event in
      accountLog.tell(event)
      for scope in AccountRevocation.scopes(of: event) { onEnd(scope) }
    }
    let opening = GroundOpening(
      settings: settings, notification: notification, output: output,
      observer: EngineObserverGroup(
        EngineLogObserver(logger: logger), metrics.observer, console?.observer ?? SilentObserver()),
      accounts: observer)
    switch store {
    case .folder(let path): return try await opening.folder(FilePath(path))
    case .database: return try await opening.database()
    }
  }

  /// Logs the findings of the start.
  private func tell(of ground: ServerGround) {
    if case .folder(let path) = store { FolderExposure(folder: path).warn(logger) }
    report(ground.engine.recovery)
    if let warning = ground.warning { logger.warning("\(warning)") }
    accountLog.begin(after: ground.first)
    let (signing, wanted) = (ground.engine.accessAlgorithm.rawValue, settings.engine.algorithm.rawValue)
    if signing != wanted {
      logger.notice(
        "access tokens are signed with \(signing), the algorithm of the keys; to use tokens.algorithm, \(wanted), run keys rotate --alg \(wanted)"
      )
    }
  }

  private func serve(_ services: [any Service], _ announcement: Announcement) async throws(CommandError) {
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = settings.drain
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch is CancellationError {
      logger.warning("requests were still under way after \(settings.drain) and were cut off")
    } catch {
      // The secrets of a first start are stored by now and must not be lost with the port.
      announcement.make(port: settings.http.port)
      switch error {
      case let failure as ListenError: throw CommandError(.temporary, failure.description)
      case let failure as EngineError: throw CommandError(failure)
      default: throw CommandError(.internalFault, "the server ended: \(error); see the log lines above and restart")
      }
    }
  }

  private func report(_ recovery: LedgerRecovery?) {
    guard let recovery else { return }
    let state = recovery.wasClosedCleanly ? "closed cleanly" : "not closed cleanly"
    let records = FigureText.counted(Int(clamping: recovery.records), "record")
    // An operator compares these with an earlier start: a log that has less was rolled back.
    logger.info(
      recovery.isNew ? "a new log was made" : "replayed \(records) of a log that was \(state)",
      metadata: [
        "log": .string(recovery.identity), "epoch": .stringConvertible(recovery.epoch),
        "sequence": .stringConvertible(recovery.sequence),
      ])
    if let torn = recovery.tornTail {
      logger.warning(
        "cut \(torn.bytes) torn bytes off \(torn.segment) at offset \(torn.offset); nothing in them was acknowledged",
        metadata: ["copy": "\(torn.copy)"])
    }
  }

  private func announce(_ first: FirstStart, port: Int) {
    let banner = StartBanner(settings, store: store, port: port)
    output.print(banner.text(first, wantsClient: settings.http.wire == .standard))
  }
}
