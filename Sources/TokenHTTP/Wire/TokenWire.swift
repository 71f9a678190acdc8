internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// A wire of `POST /token`: what its requests mean, and the words of its replies.
///
/// ``StandardWire`` is that of RFC 6749, ``RommWire`` that of rommapp/romm. The other routes speak the standard's, but
/// an unknown path and a method that a route does not have are refused in this one's words everywhere.
protocol TokenWire: Sendable {
  /// True if a request can be `multipart/form-data` too.
  var takesMultipart: Bool { get }

  /// True if a log-in finds the user of the same name in other letter case, provided that there is only one.
  var ignoresCaseOfNames: Bool { get }

  /// True if a request can come with a proof of a key (RFC 9449); otherwise the header `DPoP` is not looked at.
  var takesProofs: Bool { get }

  /// Reads what a request asks for, and finds the client that asks.
  func request(
    in form: FormParameters, headers: HTTPFields, authenticator: ClientAuthenticator
  ) async throws(TokenEndpointError) -> GrantRequest

  /// Hands out a token pair.
  func reply(to pair: TokenPair) -> Response

  /// Hands out nothing, and says why; ``FaultReplies`` adds `Retry-After`.
  func reply(to fault: TokenEndpointError) -> Response

  /// Answers a request that no route has answered, mostly for its path.
  func unanswered(_ status: HTTPResponse.Status) -> Response

  /// Refuses a method.
  ///
  /// The text `methods` names those that the route has, as `Allow` does.
  func methodNotAllowed(allowed methods: String) -> Response
}

/// A request for tokens from a known client.
struct GrantRequest: Sendable {
  let grant: GrantType
  let client: Client
  /// The scope that is asked for; nil for all that the grant gives.
  let scope: String?
}
