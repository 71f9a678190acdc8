internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// Why an admin request is not answered with what it asks for.
enum AdminFault: Error {
  /// One that the token endpoint knows too: no client, a wrong secret, a failure of the engine.
  case token(TokenFault)
  /// A client that is no admin.
  case forbidden
  case notFound
  case mediaType
  case tooLarge
  /// The body is not a JSON object with the members of the route.
  case malformed(String)
  /// A member or parameter is outside its limit.
  case invalid(field: String, limit: String)
  case refused(GrantRefusal)
  case oneTimeRefused

  init(_ failure: EngineFailure) {
    if case .invalid(let field, let limit) = failure {
      self = .invalid(field: field, limit: limit)
    } else {
      self = .token(.failed(failure))
    }
  }

  /// Every text is from a fixed set or of ours, and repeats nothing of the request.
  var response: Response {
    switch self {
    case .token(let fault): StandardFaultReply.response(to: fault)
    case .forbidden: reply(.forbidden, "access_denied", "The client is not an admin")
    case .notFound: reply(.notFound, "not_found", "There is no such live session")
    case .mediaType: reply(.unsupportedMediaType, "invalid_request", "The body must be application/json")
    case .tooLarge: reply(.contentTooLarge, "invalid_request", "The body is too large")
    case .malformed(let what): reply(.badRequest, "invalid_request", what)
    case .invalid(let field, let limit):
      reply(.badRequest, "invalid_request", "\(field) is outside its limit: \(limit)")
    case .refused(let refusal) where refusal.errorCode == "invalid_scope":
      reply(.badRequest, "invalid_scope", "The scope is malformed or more than may be granted")
    case .refused: reply(.badRequest, "invalid_grant", "The subject is disabled")
    case .oneTimeRefused:
      reply(.badRequest, "invalid_grant", "The token is invalid, expired or used, or for another purpose")
    }
  }

  private func reply(_ status: HTTPResponse.Status, _ code: String, _ description: String) -> Response {
    Response(status: status, json: ErrorBody.standard(code, description))
  }
}
