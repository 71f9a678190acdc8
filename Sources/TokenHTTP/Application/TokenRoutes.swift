internal import HTTPTypes
public import Hummingbird
public import TokenEngine

/// The routes of the token server, for any Hummingbird router.
///
///     let router = Router(context: TokenRequestContext.self)
///     TokenRoutes(engine: engine, clients: clients).add(to: router)
///
/// `POST /token`, `GET /me`, `GET /public`, `GET /.well-known/jwks.json`, `GET /health/live`, `GET /health/ready`; any
/// other method on one of these is answered 405 with `Allow`.
public struct TokenRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let endpoint: TokenEndpoint
  private let bound: InFlightBound<Context>

  /// - Parameters:
  ///   - clients: who may ask for tokens; never asked where `wire` is ``WireFormat/romm``.
  ///   - bodyBytesMax: a longer body of `POST /token` is answered 413.
  ///   - requestsInFlightMax: as in ``ServerOptions``; 1 at least.
  public init(
    engine: RotationEngine, clients: any ClientStore, wire: WireFormat = .standard, bodyBytesMax: Int = 16 << 10,
    requestsInFlightMax: Int = ServerOptions.requestsInFlightStandard
  ) {
    self.engine = engine
    let endpoint = TokenEndpoint(
      engine: engine, authenticator: ClientAuthenticator(clients: clients), wire: wire, bodyBytesMax: bodyBytesMax)
    self.endpoint = endpoint
    bound = InFlightBound(max: requestsInFlightMax) { endpoint.overloadReply }
  }

  /// Adds the routes below `pathPrefix`: empty, or one like `/auth` without a slash at its end.
  public func add(to router: some RouterMethods<Context>, pathPrefix: String = "") {
    let root = router.group(RouterPath(pathPrefix))
    // Only what waits for the disk or a password is bounded: the other routes answer at once, also while these cannot.
    root.group().add(middleware: bound).post("/token") { [endpoint] request, context -> Response in
      try await endpoint.respond(to: request, logger: context.logger)
    }
    root.get("/.well-known/jwks.json") { [engine] _, _ in Self.publicKeys(of: engine) }
    root.get("/health/live") { _, _ in Self.health(.ok, "live") }
    root.get("/health/ready") { [engine] _, _ in
      engine.isReady ? Self.health(.ok, "ready") : Self.health(.serviceUnavailable, "unavailable")
    }
    let seen = root.group().add(middleware: BearerAuthenticator(engine: engine))
    seen.get("/public") { _, context in Self.publicReply(context.bearer) }
    seen.group().add(middleware: RequireScope()).get("/me") { _, context in Self.selfReply(context.bearer) }
    refuseOtherMethods(on: root)
  }

  /// To every other method the reply that names the allowed one (RFC 9110 §15.5.6), whatever bearer came: on the group
  /// that has no middleware of ours.
  private func refuseOtherMethods(on root: RouterGroup<Context>) {
    let routes: [(RouterPath, HTTPRequest.Method)] = [
      ("/token", .post), ("/.well-known/jwks.json", .get), ("/health/live", .get), ("/health/ready", .get),
      ("/public", .get), ("/me", .get),
    ]
    let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .patch, .options, .trace, .connect]
    for (path, allowed) in routes {
      for method in methods where method != allowed {
        root.on(path, method: method) { _, _ in
          var response = Response(
            status: .methodNotAllowed,
            json: ErrorBody.standard("invalid_request", "This route answers \(allowed.rawValue) alone"))
          response.headers[.allow] = allowed.rawValue
          return response
        }
      }
    }
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
