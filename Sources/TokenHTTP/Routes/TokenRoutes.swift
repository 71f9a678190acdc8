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
/// A router must not have the path of a route that is added: a ``TokenRouteSet`` leaves some out.
public struct TokenRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let endpoint: TokenEndpoint
  private let forms: ClientFormEndpoint
  private let admin: AdminRoutes<Context>
  private let addresses: AddressSource
  private let body: BufferedBody<Context>
  private let tokenBound: InFlightBound<Context>
  /// Shared with the other: only `POST /token` refuses in the words of the wire.
  private let bound: InFlightBound<Context>
  private let wire: WireFormat
  private let challenge: BearerChallenge
  private let selection: TokenRouteSet
  private let metrics: MetricsEndpoint?
  /// Nil for none; makes its routes below a path prefix.
  private let console: (routes: @Sendable (_ pathPrefix: String) -> ConsoleRoutes<Context>, paths: Paths)?

  typealias Paths = [(RouterPath, [HTTPRequest.Method])]

  /// - Parameters:
  ///   - clients: who may ask for tokens; never asked where `options.wire` is ``WireFormat/romm``.
  ///   - options: of these, the routes heed ``ServerOptions/wire``, ``ServerOptions/bodyBytesMax``, ``ServerOptions/requestsInFlightMax``,
  ///     ``ServerOptions/failedLoginsPerMinute``, ``ServerOptions/bearerChallenge`` and ``ServerOptions/trustsProxy``. For a bound of failed
  ///     log-ins by address, the context must conform to `RemoteAddressRequestContext`; without that all come from one address.
  ///   - metrics: where grants are counted; adds `GET /metrics` where they are for Prometheus.
  ///   - console: adds its pages; nil for none.
  ///   - routes: which routes are added, besides those of metrics and console.
  public init(
    engine: RotationEngine, clients: any ClientStore, options: ServerOptions = ServerOptions(),
    metrics: ServerMetrics? = nil, console: AdminConsole? = nil, routes: TokenRouteSet = .all
  ) {
    self.engine = engine
    selection = routes
    challenge = options.bearerChallenge
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
    @Sendable func overload(_ wire: WireFormat) -> Response {
      metrics?.grants.note(.requestsInFlight)
      return wire.reply(to: .overloaded, engine: engine, logger: nil)
    }
    tokenBound = InFlightBound(max: options.requestsInFlightMax) { overload(options.wire) }
    bound = tokenBound.refusing { overload(.standard) }
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
    let buffered = root.group().add(middleware: body)
    let bounded = buffered.group().add(middleware: bound)
    addForms(to: bounded, token: buffered.group().add(middleware: tokenBound))
    if selection.contains(.admin) { admin.add(to: bounded) }
    addDocuments(to: root, of: router, pathPrefix: pathPrefix)
    addBearers(to: root)
    if let metrics { root.look("/metrics") { _, _ in await metrics.respond() } }
    console?.routes(pathPrefix).add(to: root, bounded: bounded)
    MethodRefusal(routes: answered, wire: wire).add(to: root)
  }

  private func addForms(to bounded: RouterGroup<Context>, token: RouterGroup<Context>) {
    if selection.contains(.token) {
      token.post("/token") { [endpoint, addresses] request, context -> Response in
        try await endpoint.respond(to: request, logger: context.logger) {
          addresses.address(of: request, context: context)
        }
      }
    }
    let (revocation, introspection) = (
      RevocationEndpoint(endpoint: forms), IntrospectionEndpoint(endpoint: forms)
    )
    if selection.contains(.revocation) {
      bounded.post("/revoke") { request, context -> Response in
        try await revocation.respond(to: request, logger: context.logger)
      }
    }
    if selection.contains(.introspection) {
      bounded.post("/introspect") { request, context -> Response in
        try await introspection.respond(to: request, logger: context.logger)
      }
    }
  }

  private func addDocuments(
    to root: RouterGroup<Context>, of router: some RouterMethods<Context>, pathPrefix: String
  ) {
    let metadata = ServerMetadata(issuer: engine.options.issuer, pathPrefix: pathPrefix, routes: selection)
    if selection.contains(.metadata) {
      root.look("/.well-known/oauth-authorization-server") { _, _ in metadata.response }
      if let path = metadata.standardPath.map({ RouterPath($0) }) {
        let top = router.group().add(middleware: BodilessHead())
        top.look(path) { _, _ in metadata.response }
        MethodRefusal(routes: [(path, [.get, .head])], wire: wire).add(to: top)
      }
    }
    if selection.contains(.publicKeys) {
      root.look("/.well-known/jwks.json") { [engine] _, _ in Self.publicKeys(of: engine) }
    }
    if selection.contains(.description) { root.look("/openapi.json") { _, _ in APIDescription.response } }
    if selection.contains(.liveness) { root.look("/health/live") { _, _ in Self.health(.ok, "live") } }
    if selection.contains(.readiness) {
      root.look("/health/ready") { [engine] _, _ in
        engine.isReady ? Self.health(.ok, "ready") : Self.health(.serviceUnavailable, "unavailable")
      }
    }
  }

  private func addBearers(to root: RouterGroup<Context>) {
    let seen = root.group().add(middleware: BearerAuthenticator(engine: engine))
    if selection.contains(.publicCaller) { seen.look("/public") { _, context in Self.publicReply(context.bearer) } }
    if selection.contains(.forwardAuthentication) {
      seen.look("/auth") { [challenge] request, context in
        ForwardAuthentication.respond(to: request, bearer: context.bearer, challenge: challenge)
      }
    }
    if selection.contains(.caller) {
      seen.look("/me") { [challenge] _, context in
        do throws(BearerFault) { return Self.selfReply(try context.bearer.required()) } catch {
          return challenge.response(to: error)
        }
      }
    }
  }

  /// All routes that this one adds, without the prefix.
  var answered: Paths {
    Self.routes(of: selection) + (selection.contains(.admin) ? AdminRoutes<Context>.routes : [])
      + (metrics == nil ? [] : [("/metrics", [.get, .head])]) + (console?.paths ?? [])
  }

  /// Every route that there can be, with the methods that it answers, but those of admins, metrics and console.
  static var routes: Paths { routes(of: .all) }

  private static func routes(of selection: TokenRouteSet) -> Paths {
    let posts: [(TokenRouteSet, RouterPath)] = [
      (.token, "/token"), (.revocation, "/revoke"), (.introspection, "/introspect"),
    ]
    let gets: [(TokenRouteSet, RouterPath)] = [
      (.metadata, "/.well-known/oauth-authorization-server"), (.publicKeys, "/.well-known/jwks.json"),
      (.description, "/openapi.json"), (.liveness, "/health/live"), (.readiness, "/health/ready"),
      (.publicCaller, "/public"), (.caller, "/me"), (.forwardAuthentication, "/auth"),
    ]
    return posts.filter { selection.contains($0.0) }.map { ($0.1, [.post]) }
      + gets.filter { selection.contains($0.0) }.map { ($0.1, [.get, .head]) }
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

  private static func selfReply(_ token: AccessToken) -> Response {
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
