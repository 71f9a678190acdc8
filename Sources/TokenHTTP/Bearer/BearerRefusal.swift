public import HTTPTypes
public import Hummingbird
public import TokenEngine

/// A request that is refused for its access token: thrown out of a route, it is answered as ``BearerChallenge`` says.
public struct BearerRefusal: HTTPResponseError {
  public let fault: BearerFault
  private let challenge: BearerChallenge

  public init(_ fault: BearerFault, challenge: BearerChallenge = BearerChallenge()) {
    self.fault = fault
    self.challenge = challenge
  }

  public var status: HTTPResponse.Status { fault.status }

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
