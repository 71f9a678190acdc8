internal import HTTPTypes
public import Hummingbird
public import TokenEngine

/// The routes of the token server, for any Hummingbird router.
///
///     let router = Router(context: TokenRequestContext.self)
///     TokenRoutes(engine: engine, clients: clients).add(to: router)
///
/// `POST /token`, `/revoke`, `/introspect`; `GET /.well-known/oauth-authorization-server`, `/.well-known/jwks.json`, `/openapi.json`, `/me`, `/public`,
/// `/auth`, `/health/live`, `/health/ready`; the routes below `/admin`; `GET /metrics` where metrics are for Prometheus; and the pages of an ``AdminConsole``. Any other method on one of these is answered 405 with `Allow`.
public struct TokenRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let endpoint: TokenEndpoint
  private let forms: ClientFormEndpoint
  private let admin: AdminRoutes<Context>
  private let addresses: AddressSource
  private let body: BufferedBody<Context>
  private let bound: InFlightBound<Context>
  private let wire: WireFormat
  private let metrics: MetricsEndpoint?
  /// Nil for none; makes its routes below a path prefix.
  private let console: (routes: @Sendable (_ pathPrefix: String) -> ConsoleRoutes<Context>, paths: Paths)?

  typealias Paths = [(RouterPath, [HTTPRequest.Method])]

  /// - Parameters:
  ///   - clients: who may ask for tokens; never asked where `options.wire` is ``WireFormat/romm``.
  ///   - options: of these, the routes heed ``ServerOptions/wire``, ``ServerOptions/bodyBytesMax``, ``ServerOptions/requestsInFlightMax``,
  ///     ``ServerOptions/failedLoginsPerMinute`` and ``ServerOptions/trustsProxy``. For a bound of failed log-ins by address, the context
  ///     must conform to `RemoteAddressRequestContext`; without that all come from one address.
  ///   - metrics: where grants are counted; adds `GET /metrics` where they are for Prometheus.
  ///   - console: adds its pages; nil for none.
  public init(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions = ServerOptions(),
    metrics: ServerMetrics? = nil, console: AdminConsole? = nil
  ) {
    self.engine = engine
    let authenticator = ClientAuthenticator(clients: clients)
    let limiter =
      options.failedLoginsPerMinute > 0 ? LoginLimiter(failuresPerMinute: options.failedLoginsPerMinute) : nil
    let endpoint = TokenEndpoint(
      engine: engine, authenticator: authenticator, wire: options.wire, bodyBytesMax: options.bodyBytesMax,
      limiter: limiter, observation: GrantObservation(metrics: metrics?.grants))
    self.endpoint = endpoint
    forms = ClientFormEndpoint(engine: engine, authenticator: authenticator, bodyBytesMax: options.bodyBytesMax)
    admin = AdminRoutes(engine: engine, clients: clients, bodyBytesMax: options.bodyBytesMax)
    addresses = AddressSource(trustsProxy: options.trustsProxy)
    body = BufferedBody(bytesMax: options.bodyBytesMax)
    bound = InFlightBound(max: options.requestsInFlightMax) {
      metrics?.grants.note(.requestsInFlight)
      return endpoint.overloadReply
    }
    wire = options.wire
    self.metrics = MetricsEndpoint(engine: engine, metrics: metrics)
    self.console = console.map { console in
      let routes = { @Sendable (pathPrefix: String) in
        ConsoleRoutes<Context>(
          console, engine: engine, clients: clients, limiter: limiter, options: options, pathPrefix: pathPrefix)
      }
      return (routes, ConsoleRoutes<Context>.routes(of: console))
    }
  }

  /// Adds the routes below `pathPrefix`: empty, or one like `/auth` without a slash at its end.
  public func add(to router: some RouterMethods<Context>, pathPrefix: String = "") {
    let root = router.group(RouterPath(pathPrefix)).add(middleware: BodilessHead())
    // Only what waits for the disk or a password is bounded: the other routes answer at once, also while these cannot.
    let bounded = root.group().add(middleware: body).add(middleware: bound)
    bounded.post("/token") { [endpoint, addresses] request, context -> Response in
      try await endpoint.respond(to: request, logger: context.logger) {
        addresses.address(of: request, context: context)
      }
    }
    let (revocation, introspection) = (
      RevocationEndpoint(endpoint: forms), IntrospectionEndpoint(endpoint: forms)
    )
    bounded.post("/revoke") { request, context -> Response in
      try await revocation.respond(to: request, logger: context.logger)
    }
    bounded.post("/introspect") { request, context -> Response in
      try await introspection.respond(to: request, logger: context.logger)
    }
    admin.add(to: bounded)
    let metadata = ServerMetadata(issuer: engine.options.issuer, pathPrefix: pathPrefix)
    root.look("/.well-known/oauth-authorization-server") { _, _ in metadata.response }
    if let path = metadata.standardPath.map({ RouterPath($0) }) {
      let top = router.group().add(middleware: BodilessHead())
      top.look(path) { _, _ in metadata.response }
      MethodRefusal(routes: [(path, [.get, .head])], wire: wire).add(to: top)
    }
    root.look("/.well-known/jwks.json") { [engine] _, _ in Self.publicKeys(of: engine) }
    root.look("/openapi.json") { _, _ in APIDescription.response }
    root.look("/health/live") { _, _ in Self.health(.ok, "live") }
    root.look("/health/ready") { [engine] _, _ in
      engine.isReady ? Self.health(.ok, "ready") : Self.health(.serviceUnavailable, "unavailable")
    }
    let seen = root.group().add(middleware: BearerAuthenticator(engine: engine))
    seen.look("/public") { _, context in Self.publicReply(context.bearer) }
    seen.look("/auth") { request, context in ForwardAuthentication.respond(to: request, bearer: context.bearer) }
    seen.group().add(middleware: RequireScope()).look("/me") { _, context in Self.selfReply(context.bearer) }
    if let metrics { root.look("/metrics") { _, _ in await metrics.respond() } }
    console?.routes(pathPrefix).add(to: root, bounded: bounded)
    MethodRefusal(routes: answered, wire: wire).add(to: root)
  }

  /// All routes that this one adds, without the prefix.
  var answered: Paths {
    Self.routes + AdminRoutes<Context>.routes + (metrics == nil ? [] : [("/metrics", [.get, .head])])
      + (console?.paths ?? [])
  }

  /// Every route that is always there, with the methods that it answers.
  static var routes: Paths {
    let posts: [RouterPath] = ["/token", "/revoke", "/introspect"]
    let gets: [RouterPath] = [
      "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/openapi.json", "/health/live",
      "/health/ready", "/public", "/me", "/auth",
    ]
    return posts.map { ($0, [.post]) } + gets.map { ($0, [.get, .head]) }
  }

  private static func publicKeys(of engine: RotationEngine) -> Response {
    Response(
      status: .ok, publicJSON: ByteBuffer(bytes: engine.publicKeySet), type: "application/jwk-set+json")
  }

  private static func publicReply(_ bearer: BearerState) -> Response {
    var body = JSONObjectWriter()
    body.add("authenticated", bearer.accessToken != nil)
    if let token = bearer.accessToken { body.add("subject", token.subject) }
    return Response(status: .ok, json: body)
  }

  private static func selfReply(_ bearer: BearerState) -> Response {
    guard let token = bearer.accessToken else { return BearerChallenge.missing() }
    var body = JSONObjectWriter()
    body.add("subject", token.subject)
    body.add("client", token.client)
    body.add("scope", token.scopes.text)
    body.add("scopes", token.scopes.tokens)
    body.add("session", String(token.tokenID.text.prefix(16)))
    body.add("issued_at", token.issuedAt)
    body.add("expires_at", token.expiresAt)
    return Response(status: .ok, json: body)
  }

  private static func health(_ status: HTTPResponse.Status, _ text: String) -> Response {
    var body = JSONObjectWriter()
    body.add("status", text)
    return Response(status: status, json: body)
  }
}

extension RouterMethods {
  /// A route that `GET` and `HEAD` may look at (RFC 9110 §9.3.2).
  fileprivate func look(
    _ path: RouterPath, _ respond: @escaping @Sendable (Request, Context) async -> Response
  ) {
    on(path, method: .get) { request, context in await respond(request, context) }
    on(path, method: .head) { request, context in await respond(request, context) }
  }
}
