public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import ServiceLifecycle
public import TokenEngine

/// The token server: its routes on a Hummingbird application, to be run in a service group behind its engine.
///
///     let server = TokenApplication.make(engine: engine, clients: clients, logger: logger)
///     let group = ServiceGroup(
///       services: [engine, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
///     try await group.run()
///
/// A graceful shutdown answers the requests under way and takes no others.
public struct TokenApplication: Service {
  /// For more services, or to run it by other means; throws what the system throws then.
  public let application: Application<RouterResponder<TokenRequestContext>>
  private let options: ServerOptions

  /// - Parameters:
  ///   - metrics: where requests and grants are counted; nil for nowhere. Its observer is to be given to the engine.
  ///   - additionalRoutes: what is served besides, as the pages of `AdminConsole`, whose observer is to be given to the engine.
  ///   - onServerRunning: called once the server listens, with its port.
  public static func make(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions = ServerOptions(),
    metrics: ServerMetrics? = nil, additionalRoutes: [any AdditionalRoutes] = [], logger: Logger,
    onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) -> TokenApplication {
    let router = Router(context: TokenRequestContext.self)
    let routes = TokenRoutes<TokenRequestContext>(
      engine: engine, clients: clients, options: options, metrics: metrics, additionalRoutes: additionalRoutes)
    router.add(middleware: RequestTracing())
    if let metrics {
      router.add(
        middleware: RequestMetrics(
          factory: metrics.factory, routes: routes.answered.map(\.0), pathPrefix: options.pathPrefix))
    }
    if !options.allowedOrigins.isEmpty {
      let metadata = ServerMetadata(issuer: engine.options.issuer, pathPrefix: options.pathPrefix)
      router.add(
        middleware: OriginAllowList(
          origins: options.allowedOrigins, headers: options.allowedHeaders, pathPrefix: options.pathPrefix,
          metadataPath: metadata.standardPath))
    }
    let methods = MethodRefusal<TokenRequestContext>(routes: routes.answered, wire: options.wire)
    router.add(middleware: ErrorReplies(wire: options.wire, pathPrefix: options.pathPrefix, methods: methods))
    router.add(middleware: PlainPaths())
    routes.add(to: router, pathPrefix: options.pathPrefix)
    let application = Application(
      router: router, server: options.server,
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port),
        availableConnectionsDelegate: .maximum(options.connectionsMax, logger: logger)),
      onServerRunning: { channel in await onServerRunning(channel.localAddress?.port ?? options.port) },
      logger: logger)
    return TokenApplication(application: application, options: options)
  }

  /// The first segments of the paths of all routes but ``AdditionalRoutes``, whose paths must begin otherwise.
  package static let firstSegments: Set<String> = {
    let routes = TokenRoutes<TokenRequestContext>.routes + AdminRoutes<TokenRequestContext>.routes
    return Set(routes.compactMap { $0.0.description.split(separator: "/").first.map(String.init) } + ["metrics"])
  }()

  /// Throws ``ListenFailure`` where the server cannot listen.
  public func run() async throws {
    do {
      try await application.run()
    } catch let error as IOError {
      throw failure(ListenFailure.Reason(errorNumber: error.errnoCode))
    } catch let error where error is SocketAddressError || error is SocketAddressError.UnknownHost {
      throw failure(.noSuchAddress)
    }
  }

  private func failure(_ reason: ListenFailure.Reason) -> ListenFailure {
    ListenFailure(host: options.host, port: options.port, reason: reason)
  }
}
