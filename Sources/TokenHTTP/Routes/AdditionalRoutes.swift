public import HTTPTypes
public import Hummingbird
public import TokenEngine

/// Routes that a token server serves beside its own without knowing them: `AdminConsole` of the product TokenConsole is
/// such, and ``CookieRoutes`` are.
///
///     let server = TokenApplication.make(
///       engine: engine, clients: clients, additionalRoutes: [console], logger: logger)
///
/// They are below the server's path prefix, behind its bounds, and in its metrics by the templates of their paths;
/// every method that ``paths`` does not name is answered 405 with `Allow`.
public protocol AdditionalRoutes: Sendable {
  /// All that ``add(to:)`` adds, with the methods that it answers and without the path prefix.
  ///
  /// None is a path of the token server's own.
  var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] { get }

  /// Adds the routes; called once for each router that ``TokenRoutes`` are added to.
  func add<Context: AuthenticatedContext>(to place: RoutePlace<Context>)
}

/// The place at which a token server's ``AdditionalRoutes`` are added, with the parts that they share with it.
public struct RoutePlace<Context: AuthenticatedContext> {
  public let engine: RotationEngine
  public let clients: any ClientStore
  public let options: ServerOptions
  /// The path below which the server was added.
  ///
  /// Every link to its pages begins with it.
  public let pathPrefix: String
  /// For what never waits, so that it is there also while the disk does not answer.
  public let root: RouterGroup<Context>
  /// For what waits for the disk or a secret: bounded by ``ServerOptions/requestsInFlightMax``, its bodies by
  /// ``ServerOptions/bodyBytesMax``.
  public let bounded: RouterGroup<Context>
  /// The calls for grants, with the bound of failed log-ins, which the token endpoint shares.
  package let calls: GrantCalls
  package let addresses: AddressSource
}
