public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import ServiceLifecycle
internal import SystemPackage
public import TokenEngine

/// The token server: its routes on a Hummingbird application, to run in a service group after its engine.
///
///     let server = TokenApplication.make(engine: engine, clients: clients, logger: logger)
///     let group = ServiceGroup(
///       services: [engine, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
///     try await group.run()
///
/// A graceful shutdown answers the requests in progress and accepts no others.
public struct TokenApplication: Service {
  /// The application, to add services or to run it by other means; it throws the system's errors then.
  public let application: Application<RouterResponder<TokenRequestContext>>
  private let options: ServerOptions

  /// Makes a server, which listens once it runs.
  ///
  /// - Parameters:
  ///   - engine: The engine that the routes ask, which runs as a service of its own.
  ///   - clients: The clients that can ask for tokens.
  ///   - options: The address to listen on, the certificate, the wire and the bounds.
  ///   - metrics: The metrics that count requests and grants; nil for none. Give its observer to the engine.
  ///   - additionalRoutes: Other routes to serve, like the pages of `AdminConsole`, whose observer is to be given to
  ///     the engine.
  ///   - logger: The logger of the server, to which each request adds an id of its own.
  ///   - onServerRunning: Is called with the port once the server listens.
  /// - Returns: The server, to run in a service group after its engine.
  public static func make(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions = ServerOptions(),
    metrics: ServerMetrics? = nil, additionalRoutes: [any AdditionalRoutes] = [], logger: Logger,
    onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) -> TokenApplication {
    let router = Router(context: TokenRequestContext.self)
    let hangUps = HangUps()
    let routes = TokenRoutes<TokenRequestContext>(
      engine: engine, clients: clients, options: options, metrics: metrics, additionalRoutes: additionalRoutes,
      hangUps: hangUps)
    let metadata = ServerMetadata(issuer: engine.options.issuer, pathPrefix: options.pathPrefix)
    let tracing = RequestTracing()
    let requestMetrics = metrics.map {
      RequestMetrics(factory: $0.factory, routes: routes.answered.map(\.path), pathPrefix: options.pathPrefix)
    }
    let origins =
      options.allowedOrigins.isEmpty
      ? nil
      : OriginAllowList(
        origins: options.allowedOrigins, headers: options.allowedHeaders, pathPrefix: options.pathPrefix,
        metadataPath: metadata.standardPath)
    router.add(
      middleware: RequestGate(
        tracing: tracing, metrics: requestMetrics, origins: origins,
        errors: ErrorReplies(
          wire: options.wire.tokenWire, pathPrefix: options.pathPrefix,
          methods: MethodRefusal<TokenRequestContext>(routes: routes.answered, wire: options.wire.tokenWire))))
    // A span is around every request or around none.
    let direct =
      tracing == nil
      ? routes.direct(pathPrefix: options.pathPrefix, metrics: requestMetrics, origins: origins, logger: logger) : nil
    routes.add(to: router, pathPrefix: options.pathPrefix)
    let application = Application(
      router: router, server: options.server(notingIn: hangUps, answering: direct),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port),
        availableConnectionsDelegate: .maximum(options.connectionsMax, logger: logger)),
      onServerRunning: { channel in await onServerRunning(channel.localAddress?.port ?? options.port) },
      logger: logger)
    return TokenApplication(application: application, options: options)
  }

  /// The first segments of the paths of all routes except other ``AdditionalRoutes`` than ``CookieRoutes``, whose paths
  /// must begin otherwise.
  package static let firstSegments: Set<String> = {
    let paths = Route.allCases.map(\.path) + CookieRoutes.Place.allCases.map(\.rawValue)
    return Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) })
  }()

  /// Throws ``ListenError`` if the server cannot listen.
  public func run() async throws {
    do {
      try await application.run()
    } catch let error as IOError {
      throw failure(ListenError.Reason(errorNumber: error.errnoCode))
    } catch let error where error is SocketAddressError || error is SocketAddressError.UnknownHost {
      throw failure(.noSuchAddress)
    }
  }

  private func failure(_ reason: ListenError.Reason) -> ListenError {
    ListenError(host: options.host, port: options.port, reason: reason)
  }
}

/// The reason why the server cannot listen where it should.
public struct ListenError: Error, Sendable, CustomStringConvertible {
  public enum Reason: Sendable, Hashable {
    case portInUse
    /// Ports below 1024 need a right that this process does not have.
    case notPermitted
    /// The host is not a name or address of this machine.
    case noSuchAddress
    case other(String)
  }

  public var host: String
  public var port: Int
  public var reason: Reason

  public init(host: String, port: Int, reason: Reason) {
    self.host = host
    self.port = port
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .portInUse: "cannot listen on \(host):\(port): the port is in use; stop what listens there or choose another"
    case .notPermitted: "cannot listen on \(host):\(port): it is not permitted; choose a port from 1024 on"
    case .noSuchAddress:
      "cannot listen on \(host):\(port): this machine has no such address; name one of its own, such as 127.0.0.1"
    case .other(let what): "cannot listen on \(host):\(port): \(what); check the host and port"
    }
  }
}

extension ListenError.Reason {
  /// The meaning of an error number of the system for listening.
  init(errorNumber: CInt) {
    switch Errno(rawValue: errorNumber) {
    case .addressInUse: self = .portInUse
    case .permissionDenied, .notPermitted: self = .notPermitted
    case .addressNotAvailable: self = .noSuchAddress
    default: self = .other("error \(errorNumber)")
    }
  }
}
