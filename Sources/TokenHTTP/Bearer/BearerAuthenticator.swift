internal import HTTPTypes
public import Hummingbird
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
