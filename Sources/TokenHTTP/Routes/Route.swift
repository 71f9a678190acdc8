/// Which of its routes a ``TokenRoutes`` adds: a router that has one of these paths already takes the others.
///
///     TokenRoutes(engine: engine, clients: clients, routes: .all.subtracting([.caller, .readiness])).add(to: router)
public struct TokenRouteSet: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `POST /token`.
  public static let token = TokenRouteSet(rawValue: 1 << 0)
  /// `POST /revoke`.
  public static let revocation = TokenRouteSet(rawValue: 1 << 1)
  /// `POST /introspect`.
  public static let introspection = TokenRouteSet(rawValue: 1 << 2)
  /// `GET /.well-known/oauth-authorization-server`, which names those of the other endpoints that are there.
  public static let metadata = TokenRouteSet(rawValue: 1 << 3)
  /// `GET /.well-known/jwks.json`.
  public static let publicKeys = TokenRouteSet(rawValue: 1 << 4)
  /// `GET /openapi.json`, which describes all routes there can be.
  public static let description = TokenRouteSet(rawValue: 1 << 5)
  /// `GET /me`.
  public static let caller = TokenRouteSet(rawValue: 1 << 6)
  /// `GET /public`.
  public static let publicCaller = TokenRouteSet(rawValue: 1 << 7)
  /// `GET /auth`.
  public static let forwardAuthentication = TokenRouteSet(rawValue: 1 << 8)
  /// `GET /health/live`.
  public static let liveness = TokenRouteSet(rawValue: 1 << 9)
  /// `GET /health/ready`.
  public static let readiness = TokenRouteSet(rawValue: 1 << 10)
  /// All below `/admin`.
  public static let admin = TokenRouteSet(rawValue: 1 << 11)

  /// The endpoints of OAuth 2.0 and what says where they are.
  public static let oauth: TokenRouteSet = [.token, .revocation, .introspection, .metadata, .publicKeys]
  public static let health: TokenRouteSet = [.liveness, .readiness]
  public static let all: TokenRouteSet = [
    .oauth, .description, .caller, .publicCaller, .forwardAuthentication, .health, .admin,
  ]
}
