internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The error replies of RFC 6749 §5.2. Every description is from a fixed set and repeats nothing of the request.
enum StandardFaultReply {
  static func response(to fault: TokenFault) -> Response {
    switch fault {
    case .form(let fault): form(fault)
    case .missing(let parameter):
      reply(.badRequest, "invalid_request", "The parameter \(parameter.rawValue) is missing")
    case .ambiguousClient:
      reply(.badRequest, "invalid_request", "The client must authenticate in one way and name itself once")
    case .invalidClient: invalidClient()
    case .unsupportedGrant: reply(.badRequest, "unsupported_grant_type", "This grant type is not supported")
    case .refused(let refusal, let grant): reply(.badRequest, refusal.errorCode, description(of: refusal, grant))
    case .putOff:
      reply(.tooManyRequests, "temporarily_unavailable", "Too many log-ins from there failed; try again later")
    case .overloaded: unavailable()
    case .failed(let failure) where failure.isUnavailable: unavailable()
    case .failed: reply(.internalServerError, "server_error", "The request could not be answered")
    }
  }

  private static func form(_ fault: FormFault) -> Response {
    switch fault {
    case .mediaType:
      reply(.unsupportedMediaType, "invalid_request", "The body must be application/x-www-form-urlencoded")
    case .tooLarge: reply(.contentTooLarge, "invalid_request", "The body is too large")
    case .duplicate: reply(.badRequest, "invalid_request", "A parameter came more than once")
    case .tooManyParameters: reply(.badRequest, "invalid_request", "The body has too many parameters")
    case .malformed: reply(.badRequest, "invalid_request", "The body is not a well-formed form in UTF-8")
    }
  }

  private static func unavailable() -> Response {
    reply(.serviceUnavailable, "temporarily_unavailable", "The request was not answered; try it again later")
  }

  /// With the challenge that RFC 6749 §5.2 asks for.
  private static func invalidClient() -> Response {
    var response = reply(.unauthorized, "invalid_client", "The client is unknown or did not authenticate")
    response.headers[.wwwAuthenticate] = "Basic realm=\"\(BearerChallenge.realmStandard)\""
    return response
  }

  /// One text for everything that `invalid_grant` may be, so that nothing is learnt from it.
  private static func description(of refusal: GrantRefusal, _ grant: GrantType) -> String {
    switch refusal {
    case .invalidScope: "The scope is malformed or more than may be granted"
    case .unauthorizedClient: "The client may not use this grant type"
    case .clientNamedAsSubject: "The client has the name of a user and gets no token of its own"
    default:
      grant == .password
        ? "The user name or the password is wrong, or the user is disabled"
        : "The refresh token is invalid, expired, used or revoked"
    }
  }

  private static func reply(_ status: HTTPResponse.Status, _ code: String, _ description: String) -> Response {
    Response(status: status, json: ErrorBody.standard(code, description))
  }
}
