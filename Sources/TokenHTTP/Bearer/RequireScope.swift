public import Hummingbird
internal import TokenEngine

/// Lets a request through whose access token is good and has all of the scopes; answers 401 or 403 otherwise
/// (RFC 6750 §3). Stands behind ``BearerAuthenticator``.
///
///     router.group("albums")
///       .add(middleware: BearerAuthenticator(engine: engine))
///       .add(middleware: RequireScope("albums.read"))
public struct RequireScope<Context: AuthenticatedContext>: RouterMiddleware {
  private let required: Scopes
  private let challenge: BearerChallenge

  /// No scope at all asks only for a good access token. Each is one scope token (RFC 6749 §3.3).
  ///
  /// - Parameter challenge: how a request is refused.
  public init(_ scopes: String..., challenge: BearerChallenge = BearerChallenge()) {
    guard let required = Scopes(scopes.joined(separator: " ")) else {
      preconditionFailure("not scope tokens: \(scopes)")
    }
    self.required = required
    self.challenge = challenge
  }

  @concurrent
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do throws(BearerFault) { _ = try context.bearer.required(scopes: required) } catch {
      return challenge.response(to: error)
    }
    return try await next(request, context)
  }
}
