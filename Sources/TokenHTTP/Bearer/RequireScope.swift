public import HTTPTypes
public import Hummingbird
public import TokenEngine

/// Lets requests through whose access token is good and has all of the scopes, and answers 401 or 403 to others (RFC
/// 6750 §3).
///
/// The layer stands behind ``BearerAuthenticator``.
///
///     router.group("albums")
///       .add(middleware: BearerAuthenticator(engine: engine))
///       .add(middleware: RequireScope("albums.read"))
public struct RequireScope<Context: AuthenticatedContext>: RouterMiddleware {
  private let required: Scopes
  private let challenge: BearerChallenge

  /// Asks for scopes or, without any, only for a good access token.
  ///
  /// - Parameters:
  ///   - scopes: The scopes that the token must have, each one scope token (RFC 6749 §3.3); another text stops the
  ///     program.
  ///   - challenge: The way in which requests are refused.
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
    do throws(BearerError) { _ = try context.bearer.required(scopes: required) } catch {
      return challenge.response(to: error, for: request)
    }
    return try await next(request, context)
  }
}

/// The refusal of a request for its access token.
///
/// Thrown out of a route, it is answered as its ``BearerChallenge`` says.
public struct BearerRefusal: HTTPResponseError {
  public let fault: BearerError
  private let challenge: BearerChallenge

  public init(_ fault: BearerError, challenge: BearerChallenge = BearerChallenge()) {
    self.fault = fault
    self.challenge = challenge
  }

  public var status: HTTPResponse.Status { fault.error.status }

  public func response(from request: Request, context: some RequestContext) -> Response {
    challenge.response(to: fault, for: request)
  }
}

extension AuthenticatedContext {
  /// Returns the request's access token if it is good enough.
  ///
  ///     router.get("profile") { _, context in
  ///       try context.requireAccessToken(scopes: "profile.read").subject
  ///     }
  ///
  /// For routes behind ``BearerAuthenticator``: without it no request has a token.
  ///
  /// - Parameters:
  ///   - scopes: The scopes that the token must have, each one scope token (RFC 6749 §3.3); another text stops the
  ///     program.
  ///   - challenge: The way in which the request is refused.
  /// - Returns: The verified token, which has all of the scopes.
  /// - Throws: ``BearerRefusal``, which refuses the request with 401 or 403, or with 503 if no access token can be
  ///   judged now.
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
