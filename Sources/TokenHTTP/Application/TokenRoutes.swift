internal import HTTPTypes
public import Hummingbird
public import TokenEngine

/// The routes of the token server, for any Hummingbird router.
///
///     let router = Router(context: TokenRequestContext.self)
///     TokenRoutes(engine: engine, clients: clients).add(to: router)
///
/// `POST /token`, `/revoke`, `/introspect`; `GET /.well-known/oauth-authorization-server`, `/.well-known/jwks.json`, `/me`, `/public`, `/auth`,
/// `/health/live`, `/health/ready`; and what ``AdminRoutes`` adds. Any other method on one of these is answered 405 with `Allow`.
public struct TokenRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let endpoint: TokenEndpoint
  private let forms: ClientFormEndpoint
  private let admin: AdminRoutes<Context>
  private let bound: InFlightBound<Context>
  private let metrics: MetricsEndpoint?

  /// - Parameters:
  ///   - clients: who may ask for tokens; never asked where `wire` is ``WireFormat/romm``.
  ///   - bodyBytesMax: a longer body of `POST /token` is answered 413.
  ///   - requestsInFlightMax: as in ``ServerOptions``; 1 at least.
  ///   - metrics: where grants are counted; adds `GET /metrics` where they are for Prometheus.
  public init(
    engine: RotationEngine, clients: any ClientStore, wire: WireFormat = .standard, bodyBytesMax: Int = 16 << 10,
    requestsInFlightMax: Int = ServerOptions.requestsInFlightStandard, metrics: ServerMetrics? = nil
  ) {
    self.engine = engine
    let authenticator = ClientAuthenticator(clients: clients)
    let endpoint = TokenEndpoint(
      engine: engine, authenticator: authenticator, wire: wire, bodyBytesMax: bodyBytesMax,
      observation: GrantObservation(metrics: metrics?.grants))
    self.endpoint = endpoint
    forms = ClientFormEndpoint(engine: engine, authenticator: authenticator, bodyBytesMax: bodyBytesMax)
    admin = AdminRoutes(engine: engine, clients: clients, bodyBytesMax: bodyBytesMax)
    bound = InFlightBound(max: requestsInFlightMax) {
      metrics?.grants.note(.requestsInFlight)
      return endpoint.overloadReply
    }
    self.metrics = MetricsEndpoint(engine: engine, metrics: metrics)
  }

  /// Adds the routes below `pathPrefix`: empty, or one like `/auth` without a slash at its end.
  public func add(to router: some RouterMethods<Context>, pathPrefix: String = "") {
    let root = router.group(RouterPath(pathPrefix))
    // Only what waits for the disk or a password is bounded: the other routes answer at once, also while these cannot.
    let bounded = root.group().add(middleware: bound)
    bounded.post("/token") { [endpoint] request, context -> Response in
      try await endpoint.respond(to: request, logger: context.logger)
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
    root.get("/.well-known/oauth-authorization-server") { _, _ in metadata.response }
    root.get("/.well-known/jwks.json") { [engine] _, _ in Self.publicKeys(of: engine) }
    root.get("/health/live") { _, _ in Self.health(.ok, "live") }
    root.get("/health/ready") { [engine] _, _ in
      engine.isReady ? Self.health(.ok, "ready") : Self.health(.serviceUnavailable, "unavailable")
    }
    let seen = root.group().add(middleware: BearerAuthenticator(engine: engine))
    seen.get("/public") { _, context in Self.publicReply(context.bearer) }
    seen.get("/auth") { request, context in ForwardAuthentication.respond(to: request, bearer: context.bearer) }
    seen.group().add(middleware: RequireScope()).get("/me") { _, context in Self.selfReply(context.bearer) }
    if let metrics { root.get("/metrics") { _, _ in await metrics.respond() } }
    MethodRefusal(routes: routes).add(to: root)
  }

  /// All there are, with their methods and without the prefix.
  var routes: [(RouterPath, [HTTPRequest.Method])] {
    Self.routes + AdminRoutes<Context>.routes + (metrics == nil ? [] : [("/metrics", [.get])])
  }

  private static var routes: [(RouterPath, [HTTPRequest.Method])] {
    let posts: [RouterPath] = ["/token", "/revoke", "/introspect"]
    let gets: [RouterPath] = [
      "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/health/live", "/health/ready", "/public",
      "/me", "/auth",
    ]
    return posts.map { ($0, [.post]) } + gets.map { ($0, [.get]) }
  }

  private static func publicKeys(of engine: RotationEngine) -> Response {
    var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: engine.publicKeySet)))
    response.headers[.contentType] = "application/jwk-set+json"
    response.headers[.cacheControl] = "public, max-age=300"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
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
