public import HTTPTypes
public import Hummingbird
public import TokenEngine

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

/// A request that is refused for its access token: thrown out of a route, it is answered as ``BearerChallenge`` says.
public struct BearerRefusal: HTTPResponseError {
  public let fault: BearerFault
  private let challenge: BearerChallenge

  public init(_ fault: BearerFault, challenge: BearerChallenge = BearerChallenge()) {
    self.fault = fault
    self.challenge = challenge
  }

  public var status: HTTPResponse.Status { fault.error.status }

  public func response(from request: Request, context: some RequestContext) -> Response {
    challenge.response(to: fault)
  }
}

extension AuthenticatedContext {
  /// The request's access token; throws the 401, or the 403, that refuses the request where it is not good enough.
  ///
  ///     router.get("profile") { _, context in
  ///       try context.requireAccessToken(scopes: "profile.read").subject
  ///     }
  ///
  /// For routes behind ``BearerAuthenticator``: without that, no request has a token.
  ///
  /// - Parameters:
  ///   - scopes: what the token must have, each one scope token (RFC 6749 §3.3).
  ///   - challenge: how the request is refused.
  public func requireAccessToken(
    scopes: String..., challenge: BearerChallenge = BearerChallenge()
  ) throws(BearerRefusal) -> AccessToken {
    guard let required = Scopes(scopes.joined(separator: " ")) else {
      preconditionFailure("not scope tokens: \(scopes)")
    }
    do { return try bearer.required(scopes: required) } catch {
      throw BearerRefusal(error, challenge: challenge)
    }
  }
}
