internal import HTTPTypes
internal import Hummingbird

/// The routes of a token server: the one table of where each is and what it answers to.
///
/// Routes are added by it, and other methods refused; browsers and clients are told of them by it; a test compares it
/// with openapi.json, which describes every route.
enum Route: CaseIterable {
  case token
  case revocation
  case introspection
  case metadata
  case publicKeys
  case description
  case caller
  case publicCaller
  case forwardAuthentication
  case liveness
  case readiness
  case metrics
  case sessionList
  case sessionOpening
  case sessionsRevocation
  case session
  case sessionRevocation
  case oneTimeIssue
  case oneTimeConsumption
  case revocations

  private var row: Row {
    switch self {
    case .token: Row("/token", [.post], .token, .boundedInItsWire, isForPages: true)
    case .revocation: Row("/revoke", [.post], .revocation, .bounded, isForPages: true)
    case .introspection: Row("/introspect", [.post], .introspection, .bounded)
    case .metadata: Row("/.well-known/oauth-authorization-server", Row.look, .metadata, .open, isForPages: true)
    case .publicKeys: Row("/.well-known/jwks.json", Row.look, .publicKeys, .open, isForPages: true)
    case .description: Row("/openapi.json", Row.look, .description, .open)
    case .caller: Row("/me", Row.look, .caller, .bearer, isForPages: true)
    case .publicCaller: Row("/public", Row.look, .publicCaller, .bearer, isForPages: true)
    case .forwardAuthentication: Row("/auth", Row.look, .forwardAuthentication, .forwardedBearer)
    case .liveness: Row("/health/live", Row.look, .liveness, .open)
    case .readiness: Row("/health/ready", Row.look, .readiness, .open)
    case .metrics: Row("/metrics", Row.look, nil, .open)
    case .sessionList: Row("/admin/sessions", [.get], .admin, .bounded)
    case .sessionOpening: Row("/admin/sessions", [.post], .admin, .bounded)
    case .sessionsRevocation: Row("/admin/sessions", [.delete], .admin, .bounded)
    case .session: Row("/admin/sessions/{sid}", [.get], .admin, .bounded)
    case .sessionRevocation: Row("/admin/sessions/{sid}", [.delete], .admin, .bounded)
    case .oneTimeIssue: Row("/admin/one-time-tokens", [.post], .admin, .bounded)
    case .oneTimeConsumption: Row("/admin/one-time-tokens/consume", [.post], .admin, .bounded)
    case .revocations: Row("/admin/revocations", [.get], .admin, .bounded)
    }
  }

  /// The check that a request passes before a route answers.
  enum Gate {
    /// Nothing: the route answers at once, also while the disk or a password pool cannot.
    case open
    /// ``BearerAuthenticator``.
    case bearer
    /// A bearer token is read as for `bearer`, for a request that a proxy asks about.
    case forwardedBearer
    /// ``RequestAdmission``, for routes that wait for the disk or a password.
    case bounded
    /// The bound of `bounded`, past which the wire's own words refuse.
    case boundedInItsWire
  }

  private struct Row {
    let path: String
    let methods: [HTTPRequest.Method]
    let set: TokenRouteSet?
    let gate: Gate
    let isForPages: Bool

    /// The methods of a route that is only read: it answers `HEAD` too (RFC 9110 §9.3.2).
    static var look: [HTTPRequest.Method] { [.get, .head] }

    init(
      _ path: String, _ methods: [HTTPRequest.Method], _ set: TokenRouteSet?, _ gate: Gate, isForPages: Bool = false
    ) {
      self.path = path
      self.methods = methods
      self.set = set
      self.gate = gate
      self.isForPages = isForPages
    }
  }

  /// The template of the path, without a server's prefix.
  var path: String { row.path }

  var methods: [HTTPRequest.Method] { row.methods }

  /// The set that holds the route; nil for the metrics, which come with ``ServerMetrics``.
  var set: TokenRouteSet? { row.set }

  var gate: Gate { row.gate }

  /// True if pages of the origins in ``ServerOptions/allowedOrigins`` can read its replies.
  var isForPages: Bool { row.isForPages }

  /// The paths of some routes, each once with all its methods.
  static func paths(of routes: [Route]) -> [(path: RouterPath, methods: [HTTPRequest.Method])] {
    var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] = []
    for route in routes {
      let path = RouterPath(route.path)
      if let index = paths.firstIndex(where: { $0.path.description == path.description }) {
        paths[index].methods += route.methods
      } else {
        paths.append((path, route.methods))
      }
    }
    return paths
  }
}

/// The routes that a ``TokenRoutes`` adds.
///
/// A router that has one of these paths already adds the others.
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
  /// `GET /.well-known/oauth-authorization-server`, which names the other endpoints that are added.
  public static let metadata = TokenRouteSet(rawValue: 1 << 3)
  /// `GET /.well-known/jwks.json`.
  public static let publicKeys = TokenRouteSet(rawValue: 1 << 4)
  /// `GET /openapi.json`, which describes all routes, whether they are added or not.
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
  /// All routes below `/admin`.
  public static let admin = TokenRouteSet(rawValue: 1 << 11)

  /// The endpoints of OAuth 2.0 and the documents that name them.
  public static let oauth: TokenRouteSet = [.token, .revocation, .introspection, .metadata, .publicKeys]
  public static let health: TokenRouteSet = [.liveness, .readiness]
  public static let all: TokenRouteSet = [
    .oauth, .description, .caller, .publicCaller, .forwardAuthentication, .health, .admin,
  ]
}
