public import HTTPTypes
public import Hummingbird
public import TokenEngine

/// Log-in, refresh and log-out for pages of the server's own origin: the refresh token is delivered in a
/// ``RefreshCookie``, and the access token in the reply, never the refresh token.
///
///     let cookies = try await CookieRoutes.make(client: "web", clients: clients, options: engine.options)
///     let server = TokenApplication.make(
///       engine: engine, clients: clients, additionalRoutes: [cookies], logger: logger)
///
/// Adds `POST /session/login` (a form with `username`, `password` and, if it asks for less than all, `scope`),
/// `POST /session/refresh` (without a body) and `POST /session/logout` (without a body, or a form with
/// `everywhere=true`). The first two answer `access_token`, `token_type`, `expires_in`, `refresh_expires_in` and
/// `scope`, the last `{"ended": N}`. Each takes requests of its own origin alone (``SameOriginRequests``); errors are
/// those of RFC 6749 §5.2. Whoever terminates TLS in front sets ``ServerOptions/trustsProxy``. If the cookie is sent to
/// the refresh route alone, the log-out is `POST /session/refresh/logout`, since no other route would get it.
///
/// Two tabs of one page have one cookie and refresh at the same moment. The grace window lets both have the same pair,
/// so it must be within ``Limits/cookieGrace``: the client's own, or ``EngineOptions/grace``.
public struct CookieRoutes: AdditionalRoutes {
  /// The id of the public client whose sessions these are.
  public let client: String
  public let cookie: RefreshCookie
  /// True if each log-out ends all sessions of the subject, at every client.
  ///
  /// Otherwise only one that asks for it does.
  public let endsEverywhere: Bool

  private init(client: String, cookie: RefreshCookie, endsEverywhere: Bool) {
    self.client = client
    self.cookie = cookie
    self.endsEverywhere = endsEverywhere
  }

  /// Creates the routes once the client was found fit for them.
  ///
  /// The client is looked up at each request too: one that was removed or changed meanwhile is answered 500, and a line
  /// of the log says why.
  ///
  /// - Parameters:
  ///   - client: The id of the public client whose sessions these are.
  ///   - cookie: The cookie that keeps the refresh token.
  ///   - endsEverywhere: True if each log-out ends all sessions of the subject, at every client.
  ///   - clients: The store in which the client is looked up first.
  ///   - options: The engine's, whose grace window a client without one of its own has.
  /// - Returns: The routes, for a server to add.
  /// - Throws: ``CookieClientFault`` if the client or the path of the cookie is not fit, and what the store throws.
  public static func make(
    client: String, cookie: RefreshCookie = RefreshCookie(), endsEverywhere: Bool = false,
    clients: any ClientStore, options: EngineOptions
  ) async throws -> CookieRoutes {
    guard ![Place.logIn, .logOut].contains(where: { cookie.path.hasSuffix($0.rawValue) }) else {
      throw CookieClientFault.otherPath(cookie.path)
    }
    _ = try CookieClientFault.check(try await clients.client(id: client), id: client, options: options)
    return CookieRoutes(client: client, cookie: cookie, endsEverywhere: endsEverywhere)
  }

  /// The routes, in the order of a session's life.
  enum Place: String, CaseIterable {
    case logIn = "/session/login"
    case refresh = "/session/refresh"
    case logOut = "/session/logout"
    /// The log-out where the cookie is sent to the refresh route and below it alone.
    case logOutBelowRefresh = "/session/refresh/logout"
  }

  private var logOutPlace: Place {
    cookie.path.hasSuffix(Place.refresh.rawValue) ? .logOutBelowRefresh : .logOut
  }

  /// The path of the refresh route, without the path prefix: a cookie with a path must be sent there.
  package static let refreshPath = Place.refresh.rawValue

  public var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] {
    [Place.logIn, .refresh, logOutPlace].map { (RouterPath($0.rawValue), [.post]) }
  }

  public func add<Context: AuthenticatedContext>(to place: RoutePlace<Context>) {
    let endpoint = CookieEndpoint(
      clientID: client, cookie: cookie, endsEverywhere: endsEverywhere, clients: place.clients, calls: place.calls,
      faults: FaultReplies(engine: place.engine, wire: StandardWire()), bodyBytesMax: place.options.bodyBytesMax)
    let addresses = place.addresses
    let group = place.bounded.group().add(middleware: SameOriginRequests(SameOriginRule(place.options)))
    group.post(RouterPath(Place.logIn.rawValue)) { request, context in
      try await endpoint.logIn(request, logger: context.logger) { addresses.address(of: request, context: context) }
    }
    group.post(RouterPath(Place.refresh.rawValue)) { request, context in
      try await endpoint.refresh(request, logger: context.logger)
    }
    group.post(RouterPath(logOutPlace.rawValue)) { request, context in
      try await endpoint.logOut(request, logger: context.logger)
    }
  }
}
