internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// A wire of `POST /token`: what its requests mean, and the words of its replies.
///
/// ``StandardWire`` is that of RFC 6749, ``RommWire`` that of rommapp/romm. The other routes speak the standard's; only an unknown path and a method
/// that a route does not have are refused in this one's words everywhere.
protocol TokenWire: Sendable {
  /// Whether a request can be `multipart/form-data` too.
  var takesMultipart: Bool { get }

  /// Whether a log-in finds the user whose name is the same but for the case of its letters, if there is just one.
  var ignoresCaseOfNames: Bool { get }

  /// What a request asks for, and which client asks.
  func request(
    in form: FormParameters, headers: HTTPFields, authenticator: ClientAuthenticator
  ) async throws(TokenFault) -> GrantRequest

  /// Hands out a pair.
  func reply(to pair: TokenPair) -> Response

  /// Hands out nothing. `Retry-After` is not the wire's to say.
  func reply(to fault: TokenFault) -> Response

  /// Answers what no route has answered: an unknown path above all.
  func reply(toUnanswered status: HTTPResponse.Status) -> Response

  /// Refuses a method.
  ///
  /// - Parameter methods: those that the route has, as `Allow` names them.
  func reply(toMethodBeside methods: String) -> Response
}

/// A request for tokens, of whom it is known from which client it comes.
struct GrantRequest: Sendable {
  let grant: GrantType
  let client: Client
  /// Nil for what the grant gives by itself.
  let scope: String?
}
