internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The error replies of rommapp/romm's `/api/token`.
enum RommFaultReply {
  static func response(to fault: TokenFault) -> Response {
    switch fault {
    case .form(let fault): form(fault)
    case .missing(.refreshToken): reply(.badRequest, "Missing refresh token")
    case .missing: reply(.badRequest, "Missing username or password")
    case .unsupportedGrant(named: GrantType.clientCredentials.rawValue):
      reply(.badRequest, "Client credentials are not yet supported")
    case .unsupportedGrant, .ambiguousClient, .invalidClient: reply(.badRequest, "Invalid or unsupported grant type")
    case .refused(let refusal, let grant): refused(refusal, grant)
    case .putOff: reply(.tooManyRequests, "Too many failed log-ins")
    case .overloaded: unavailable()
    case .failed(let failure) where failure.isUnavailable: unavailable()
    case .failed: reply(.internalServerError, "Internal server error")
    }
  }

  private static func unavailable() -> Response { reply(.serviceUnavailable, "Temporarily unavailable") }

  private static func refused(_ refusal: GrantRefusal, _ grant: GrantType) -> Response {
    switch refusal {
    case .subjectDisabled: return reply(.forbidden, "User account is disabled")
    case .invalidScope: return reply(.forbidden, "Insufficient scope")
    default:
      var response = reply(
        .unauthorized, grant == .password ? "Invalid username or password" : "Invalid refresh token")
      response.headers[.wwwAuthenticate] = "Bearer"
      return response
    }
  }

  private static func form(_ fault: FormFault) -> Response {
    switch fault {
    case .mediaType: reply(.unsupportedMediaType, "Unsupported media type")
    case .tooLarge: reply(.contentTooLarge, "Request body too large")
    case .duplicate, .tooManyParameters, .malformed: reply(.badRequest, "Invalid form")
    }
  }

  private static func reply(_ status: HTTPResponse.Status, _ detail: String) -> Response {
    Response(status: status, json: ErrorBody.romm(detail))
  }
}
