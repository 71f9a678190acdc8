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

/// The server from its settings to its end: open, listen, say so, serve, drain, close.
struct Server {
  private(set) var settings: ServerSettings
  let dataPath: String
  let logger: Logger
  let output: ServeOutput
  let notification: ServiceNotification
  /// The files that the settings were read from and those that they name, which may lie in the data folder.
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
    self.dataPath = dataPath
    self.logger = logger
    self.output = output
    metrics = .prometheus(droppedLines: output.dropped)
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

  /// Returns after a graceful shutdown, with the log closed cleanly.
  func run() async throws(CommandError) {
    var options = settings.http
    options.connectionsMax = try DescriptorLimit.connectionsMax(options.connectionsMax, logger: logger)
    options.certificate = try TLSCertificate.load(settings, logger: logger)
    try DataFolder.take(dataPath, beside: namedFiles)
    let address = try StartAddress(settings, folder: dataPath)
    options.port = address.settings.http.port
    var server = self
    server.settings = address.settings
    try await server.run(options, at: address)
  }

  private func run(_ options: ServerOptions, at address: StartAddress) async throws(CommandError) {
    let folder = FilePath(dataPath)
    let (ended, end) = AsyncStream<SessionScope>.makeStream()
    let (users, clients): (SubjectFile, ClientFile)
    let engine: RotationEngine
    do throws(CommandError) {
      (users, clients) = try openAccounts(folder) { scope in end.yield(scope) }
      engine = try await openEngine(folder, users: users)
    } catch {
      address.withdraw()
      throw error
    }
    let first: FirstStart
    do {
      first = try FirstStart(users: users, clients: clients, folder: folder, settings: settings)
    } catch {
      try? await engine.close()
      throw error
    }
    address.tell(logger)
    FolderExposure(folder: dataPath).warn(logger)
    report(engine.recovery)
    accountLog.begin(after: first)
    if engine.accessAlgorithm != settings.engine.algorithm {
      logger.notice(
        "access tokens are signed with \(engine.accessAlgorithm.rawValue), as the keys are; for tokens.algorithm, \(settings.engine.algorithm.rawValue), run keys rotate --alg \(settings.engine.algorithm.rawValue)"
      )
    }
    let announcement = Announcement(first) { first, port in announce(first, port: port) }
    let links = console.map { ConsoleLinks(console: $0, output: output, logger: logger) }
    let application = TokenApplication.make(
      engine: engine, clients: clients, options: options, metrics: metrics,
      additionalRoutes: [console].compactMap(\.self), logger: logger,
      onServerRunning: { port in
        address.letGo()
        announcement.make(port: port)
        links?.offer(below: settings.reachableURL(port: port))
        notification.tell(.ready)
      })
    let reload = Reload(
      users: users, clients: clients, engine: engine, certificate: options.certificate, notification: notification,
      logger: logger)
    let revocation = AccountRevocation(engine: engine, users: users, clients: clients, ended: ended, logger: logger)
    let deadline = ShutdownDeadline(
      drain: settings.drain, dataPath: dataPath, notification: notification, output: output)
    let watchdog = notification.watchdogInterval.map {
      Watchdog(engine: engine, notification: notification, interval: $0)
    }
    // The last is told of the shutdown first, the engine after all others have ended.
    let services: [(any Service)?] = [engine, reload, revocation, watchdog, links, application, deadline]
    try await serve(services.compactMap(\.self), announcement)
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

  private func openAccounts(
    _ folder: FilePath, onEnd: @escaping @Sendable (SessionScope) -> Void
  ) throws(CommandError) -> (users: SubjectFile, clients: ClientFile) {
    let observer: @Sendable (AccountFileEvent) -> Void = { [accountLog] event in
      accountLog.tell(event)
      for scope in AccountRevocation.scopes(of: event) { onEnd(scope) }
    }
    do {
      let users = try SubjectFile(path: DataFolderOption.usersPath(folder), observer: observer)
      return (users, try ClientFile(path: DataFolderOption.clientsPath(folder), observer: observer))
    } catch {
      throw CommandError(error)
    }
  }

  private func openEngine(_ folder: FilePath, users: SubjectFile) async throws(CommandError) -> RotationEngine {
    let engine: RotationEngine
    do {
      var shown = ReplayProgress(notification: notification, output: output)
      engine = try await RotationEngine.open(
        folder: folder, options: settings.engine, subjects: users,
        observer: EngineObserverGroup(
          EngineLogObserver(logger: logger), metrics.observer, console?.observer ?? SilentObserver())
      ) { progress in
        shown.show(progress.bytesRead, of: progress.bytesTotal)
      }
    } catch {
      throw CommandError(error)
    }
    return engine
  }

  private func report(_ recovery: LedgerRecovery?) {
    guard let recovery else { return }
    let state = recovery.wasClosedCleanly ? "closed cleanly" : "not closed cleanly"
    let records = FigureText.counted(Int(clamping: recovery.records), "record")
    // What an operator compares with an earlier start: a log that has less was rolled back.
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
    let banner = StartBanner(settings, dataPath: dataPath, port: port)
    output.print(banner.text(first, wantsClient: settings.http.wire == .standard))
  }
}

/// The progress of the replay: a bar for a person, and a word each second for systemd, which would give the start up
/// otherwise.
struct ReplayProgress: ~Copyable {
  private var bar: ProgressBar
  private let notification: ServiceNotification
  private var nextWord = ContinuousClock.now

  init(notification: ServiceNotification, output: ServeOutput) {
    bar = ProgressBar(label: "replaying the log") { output.errors.draw($0) }
    self.notification = notification
  }

  mutating func show(_ bytesRead: UInt64, of bytesTotal: UInt64) {
    bar.show(bytesRead, of: bytesTotal)
    let now = ContinuousClock.now
    guard now >= nextWord else { return }
    nextWord = now + .seconds(1)
    notification.tell(.replaying(percent: bytesTotal == 0 ? 100 : Int(Double(bytesRead) / Double(bytesTotal) * 100)))
  }
}
