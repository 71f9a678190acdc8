internal import HTTPTypes
public import Hummingbird
public import NIOCore
public import TokenEngine

/// Verifies the bearer of a request and records what it is. Refuses nothing, so a public route behind it works with an
/// expired, malformed or foreign bearer too; ``RequireScope`` refuses.
///
/// Only the header `Authorization` is read (RFC 6750 §2.1). Two of them are one malformed bearer: it cannot be known
/// which one a proxy in front has looked at. Costs one signature check if a bearer came, nothing otherwise; a bearer whose key this instance does not
/// know yet waits for a reading of the keys (``RotationEngine/verifyReadingKeys(authorization:)``).
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
    context.bearer = await state(for: request.headers)
    return try await next(request, context)
  }

  private func state(for headers: HTTPFields) async -> BearerState {
    do {
      return .authenticated(try await engine.verifyReadingKeys(authorization: headers[values: .authorization]))
    } catch {
      return switch error {
      case .absent: .anonymous
      case .malformed: .rejected(.malformed)
      case .badToken(let fault): .rejected(fault)
      }
    }
  }
}

/// The result of verifying a request's `Authorization: Bearer`. A rejected bearer is no error until a route asks for a
/// good one.
public enum BearerState: Sendable, Hashable {
  /// The request brought no bearer.
  case anonymous
  case authenticated(AccessToken)
  case rejected(BadToken)

  /// The verified token, if there is one.
  public var accessToken: AccessToken? {
    if case .authenticated(let token) = self { token } else { nil }
  }
}

/// A request context with room for the findings of ``BearerAuthenticator``.
public protocol AuthenticatedContext: RequestContext {
  /// The bearer of the request: ``BearerState/anonymous`` until ``BearerAuthenticator`` has verified it.
  var bearer: BearerState { get set }
}

/// The context of the server's own routes; enough for embedders who keep nothing else in it.
public struct TokenRequestContext: AuthenticatedContext, RemoteAddressRequestContext, ConnectionContext {
  public var coreContext: CoreRequestContextStorage
  public var bearer = BearerState.anonymous
  public let remoteAddress: SocketAddress?
  let channel: any Channel

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
    channel = source.channel
  }
}
