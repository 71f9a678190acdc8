internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import NIOCore
public import TokenEngine
internal import TokenObservability

/// The routes of the token server, for any Hummingbird router.
///
///     let router = Router(context: TokenRequestContext.self)
///     TokenRoutes(engine: engine, clients: clients).add(to: router)
///
/// Adds `POST /token`, `/revoke`, `/introspect`; `GET /.well-known/oauth-authorization-server`,
/// `/.well-known/jwks.json`, `/openapi.json`, `/me`, `/public`, `/auth`, `/health/live`, `/health/ready`; the routes
/// below `/admin`; `GET /metrics` if metrics are for Prometheus; and ``AdditionalRoutes``. Any other method
/// on one of these is answered with 405 and `Allow`. The router must not have the path of a route that is added: a
/// ``TokenRouteSet`` leaves some out.
public struct TokenRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let endpoint: TokenEndpoint
  private let revocation: RevocationEndpoint
  private let introspection: IntrospectionEndpoint
  private let sessions: AdminSessions
  private let oneTimeTokens: AdminOneTimeTokens
  private let revocations: RevocationStreams
  private let addresses: AddressSource
  private let tokenAdmission: RequestAdmission<Context>
  /// The admission of all routes but `POST /token`, which alone refuses in the words of the wire.
  private let admission: RequestAdmission<Context>
  private let wire: any TokenWire
  private let addressing: RequestAddressing
  private let grantMetrics: GrantMetrics?
  private let challenge: BearerChallenge
  /// The routes of the table that are added.
  private let routes: [Route]
  private let selection: TokenRouteSet
  private let metrics: MetricsEndpoint?
  private let additionalRoutes: [any AdditionalRoutes]
  /// The parts that the additional routes share with the token endpoint.
  private let shared: (clients: any ClientStore, options: ServerOptions, calls: GrantCalls)

  typealias Paths = [(path: RouterPath, methods: [HTTPRequest.Method])]
  private typealias Responder = @Sendable @concurrent (Request, Context) async throws -> Response

  /// Creates the routes, which ``add(to:pathPrefix:)`` then adds to a router.
  ///
  /// - Parameters:
  ///   - engine: The engine that the routes ask.
  ///   - clients: The clients that can ask for tokens; not asked by `POST /token` if `options.wire` is
  ///     ``WireFormat/romm``.
  ///   - options: The routes heed ``ServerOptions/wire``, ``ServerOptions/bodyBytesMax``,
  ///     ``ServerOptions/requestsInFlightMax``, ``ServerOptions/failedLoginsPerMinute``,
  ///     ``ServerOptions/bearerChallenge``, ``ServerOptions/trustsProxy`` and the presence of a
  ///     ``ServerOptions/certificate``. To bound failed log-ins by address, the context must conform to
  ///     `RemoteAddressRequestContext`; without that all come from one address.
  ///   - metrics: The metrics that count grants; `GET /metrics` is added if they are for Prometheus.
  ///   - additionalRoutes: Other routes to add, like the pages of `AdminConsole`.
  ///   - routes: The routes to add, besides those of metrics and `additionalRoutes`.
  public init(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions = ServerOptions(),
    metrics: ServerMetrics? = nil, additionalRoutes: [any AdditionalRoutes] = [], routes: TokenRouteSet = .all
  ) {
    self.init(
      engine: engine, clients: clients, options: options, metrics: metrics, additionalRoutes: additionalRoutes,
      routes: routes, hangUps: HangUps())
  }

  /// Creates the routes of a server whose clients that have hung up are in `hangUps`.
  init(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions, metrics: ServerMetrics?,
    additionalRoutes: [any AdditionalRoutes], routes: TokenRouteSet = .all, hangUps: HangUps
  ) {
    self.engine = engine
    selection = routes
    var challenge = options.bearerChallenge
    challenge.proofs = engine.options.dpop.mode
    self.challenge = challenge
    addressing = options.addressing
    wire = options.wire.tokenWire
    let authenticator = ClientAuthenticator(clients: clients)
    let limiter =
      options.failedLoginsPerMinute > 0
      ? LoginLimiter(failuresPerMinute: options.failedLoginsPerMinute, now: options.loginClock) : nil
    let (bodyBytesMax, grantMetrics) = (options.bodyBytesMax, metrics?.grants)
    self.grantMetrics = grantMetrics
    let nonces = NonceReplies(engine: engine)
    let faults = FaultReplies(engine: engine, wire: wire)
    let standardFaults = FaultReplies(engine: engine, wire: StandardWire())
    let calls = GrantCalls(
      engine: engine, clients: clients, limiter: limiter, observation: GrantObservation(metrics: grantMetrics))
    endpoint = TokenEndpoint(
      authenticator: authenticator, faults: faults, bodyBytesMax: bodyBytesMax, calls: calls, addressing: addressing,
      nonces: nonces)
    let forms = ClientFormEndpoint(authenticator: authenticator, faults: standardFaults, bodyBytesMax: bodyBytesMax)
    revocation = RevocationEndpoint(endpoint: forms)
    introspection = IntrospectionEndpoint(endpoint: forms)
    let gate = AdminGate(authenticator: authenticator, faults: standardFaults, bodyBytesMax: bodyBytesMax)
    sessions = AdminSessions(clients: clients, gate: gate, addressing: addressing, nonces: nonces)
    oneTimeTokens = AdminOneTimeTokens(gate: gate)
    revocations = RevocationStreams(
      gate: gate, countMax: options.revocationStreamsMax, heartbeat: options.streamHeartbeat, metrics: metrics?.streams)
    addresses = AddressSource(trustsProxy: options.trustsProxy)
    @Sendable func refuse(_ faults: FaultReplies, _ reason: AdmissionRefusal) -> Response {
      if reason == .overloaded { grantMetrics?.note(.requestsInFlight) }
      return faults.reply(to: .notAdmitted(reason), logger: nil)
    }
    tokenAdmission = RequestAdmission(
      bodyBytesMax: bodyBytesMax, inFlightMax: options.requestsInFlightMax, hangUps: hangUps
    ) { refuse(faults, $0) }
    admission = tokenAdmission.refusing { refuse(standardFaults, $0) }
    let endpoint = MetricsEndpoint(engine: engine, metrics: metrics)
    self.metrics = endpoint
    self.routes = Route.allCases.filter { route in route.set.map(routes.contains) ?? (endpoint != nil) }
    self.additionalRoutes = additionalRoutes
    shared = (clients, options, calls)
  }

  /// Adds the routes below `pathPrefix`: empty, or one like `/auth` without a slash at its end.
  public func add(to router: some RouterMethods<Context>, pathPrefix: String = "") {
    let root = router.group(RouterPath(pathPrefix)).add(middleware: BodilessHead())
    func bearers(isForwarded: Bool) -> RouterGroup<Context> {
      root.group().add(
        middleware: BearerAuthenticator(
          engine: engine, addressing: addressing, isForwarded: isForwarded, metrics: grantMetrics))
    }
    let (bearer, forwardedBearer) = (bearers(isForwarded: false), bearers(isForwarded: true))
    let bounded = root.group().add(middleware: admission)
    // Without the layer for `HEAD`, which it does not answer.
    let boundedInItsWire = router.group(RouterPath(pathPrefix)).add(middleware: tokenAdmission)
    let takesProofs = wire.takesProofs && engine.options.dpop.mode != .off
    let metadata = ServerMetadata(
      issuer: engine.options.issuer, pathPrefix: pathPrefix, routes: selection, takesProofs: takesProofs)
    for route in routes {
      let group =
        switch route.gate {
        case .open: root
        case .bearer: bearer
        case .forwardedBearer: forwardedBearer
        case .bounded: bounded
        case .boundedInItsWire: boundedInItsWire
        }
      Self.add(route, at: RouterPath(route.path), to: group, responder(to: route, metadata.document))
    }
    let place = RoutePlace(
      engine: engine, clients: shared.clients, options: shared.options, pathPrefix: pathPrefix, root: root,
      bounded: bounded, calls: shared.calls, addresses: addresses)
    for routes in additionalRoutes { routes.add(to: place) }
    MethodRefusal(routes: answered, wire: wire).add(to: root)
    // Outside the prefix too, where clients look that know only the issuer.
    if routes.contains(.metadata), let path = metadata.standardPath.map({ RouterPath($0) }) {
      let top = router.group().add(middleware: BodilessHead())
      Self.add(.metadata, at: path, to: top, responder(to: .metadata, metadata.document))
      MethodRefusal(routes: [(path, Route.metadata.methods)], wire: wire).add(to: top)
    }
  }

  private static func add(
    _ route: Route, at path: RouterPath, to group: RouterGroup<Context>, _ respond: @escaping Responder
  ) {
    let responder = CallbackResponder(callback: respond)
    for method in route.methods { group.on(path, method: method, responder: responder) }
  }

  /// The closure that answers a route.
  private func responder(to route: Route, _ metadata: ByteBuffer) -> Responder {
    switch route {
    case .token:
      return { [endpoint, addresses] request, context in
        try await endpoint.respond(to: request, logger: context.logger) {
          addresses.address(of: request, context: context)
        }
      }
    case .revocation: return { [revocation] in try await revocation.respond(to: $0, logger: $1.logger) }
    case .introspection: return { [introspection] in try await introspection.respond(to: $0, logger: $1.logger) }
    case .metadata: return { _, _ in Response(status: .ok, publicJSON: metadata) }
    case .publicKeys: return { [engine] _, _ in ServerDocuments.publicKeys(of: engine) }
    case .description: return { _, _ in ServerDocuments.openAPI }
    case .caller: return { [challenge] in CallerEndpoint.caller($0, $1.bearer, challenge: challenge) }
    case .publicCaller: return { CallerEndpoint.anyone($1.bearer) }
    case .forwardAuthentication:
      return { [challenge] in ForwardAuthentication.respond(to: $0, bearer: $1.bearer, challenge: challenge) }
    case .liveness: return { _, _ in ServerDocuments.liveness }
    case .readiness: return { [engine] request, _ in Readiness.respond(to: request, engine: engine) }
    // Added only with metrics.
    case .metrics: return { [metrics] _, _ in await metrics?.respond() ?? Response(.noSuchPath) }
    case .sessionList: return { [sessions] in try await sessions.list($0, logger: $1.logger) }
    case .sessionOpening: return { [sessions] in try await sessions.open($0, logger: $1.logger) }
    case .sessionsRevocation: return { [sessions] in try await sessions.revokeAll($0, logger: $1.logger) }
    case .session:
      return { [sessions] in try await sessions.show($0, id: $1.parameters.get("sid"), logger: $1.logger) }
    case .sessionRevocation:
      return { [sessions] in try await sessions.revoke($0, id: $1.parameters.get("sid"), logger: $1.logger) }
    case .oneTimeIssue: return { [oneTimeTokens] in try await oneTimeTokens.issue($0, logger: $1.logger) }
    case .oneTimeConsumption: return { [oneTimeTokens] in try await oneTimeTokens.consume($0, logger: $1.logger) }
    case .revocations: return { [revocations] in try await revocations.follow($0, logger: $1.logger) }
    }
  }

  /// All paths that are added, without the prefix.
  var answered: Paths { Route.paths(of: routes) + additionalRoutes.flatMap(\.paths) }
}

extension TokenRoutes<TokenRequestContext> {
  /// Returns the requests of these routes, below `pathPrefix`, that a server can answer directly.
  func direct(
    pathPrefix: String, metrics: RequestMetrics?, origins: OriginAllowList?, logger: Logger
  ) -> DirectRequests {
    DirectRequests(
      endpoint: endpoint, admission: tokenAdmission, addresses: addresses,
      path: RouterPath(pathPrefix + Route.token.path).description, bodyBytesMax: shared.options.bodyBytesMax,
      metrics: metrics, origins: origins, logger: logger)
  }
}
