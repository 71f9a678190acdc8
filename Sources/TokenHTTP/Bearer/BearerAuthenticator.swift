internal import HTTPTypes
public import Hummingbird
public import NIOCore
public import TokenEngine

/// Looks at the bearer of a request and records what it is; refuses nothing, so a public route behind it works with an
/// expired, malformed or foreign bearer too. ``RequireScope`` is what refuses.
///
/// Only the header `Authorization` is read (RFC 6750 §2.1). Two of them are one malformed bearer: which one a proxy in
/// front has looked at is unknowable. Costs one signature check where a bearer came, nothing otherwise.
public struct BearerAuthenticator<Context: AuthenticatedContext>: RouterMiddleware {
  private let engine: RotationEngine

  public init(engine: RotationEngine) {
    self.engine = engine
  }

  @concurrent
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.bearer = state(for: request.headers)
    return try await next(request, context)
  }

  private func state(for headers: HTTPFields) -> BearerState {
    do {
      return .authenticated(try engine.verify(authorization: headers[values: .authorization]))
    } catch {
      return switch error {
      case .absent: .anonymous
      case .malformed: .rejected(.malformed)
      case .badToken(let fault): .rejected(fault)
      }
    }
  }
}

/// What a request's `Authorization: Bearer` came to. A rejected bearer is no error until a route asks for a good one.
public enum BearerState: Sendable, Hashable {
  /// The request brought no bearer.
  case anonymous
  case authenticated(AccessToken)
  case rejected(BadToken)

  /// The verified token, where there is one.
  public var accessToken: AccessToken? {
    if case .authenticated(let token) = self { token } else { nil }
  }
}

/// A request context with room for what ``BearerAuthenticator`` found.
public protocol AuthenticatedContext: RequestContext {
  /// ``BearerState/anonymous`` until ``BearerAuthenticator`` has looked at the request.
  var bearer: BearerState { get set }
}

/// The context of the server's own routes; enough for an embedder who keeps nothing else in it.
public struct TokenRequestContext: AuthenticatedContext, RemoteAddressRequestContext {
  public var coreContext: CoreRequestContextStorage
  public var bearer = BearerState.anonymous
  public let remoteAddress: SocketAddress?

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
  }
}
