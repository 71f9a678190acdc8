internal import Hummingbird
internal import TokenEngine

/// The replies to a request without a good enough bearer (RFC 6750 §3). Every text is from a fixed set.
enum BearerChallenge {
  static let realm = "refresh-ledger"

  /// No bearer came: no `error`, for the client has done nothing wrong (RFC 6750 §3.1).
  static func missing() -> Response {
    var body = JSONObjectWriter()
    body.add("error_description", "This route needs an access token: Authorization: Bearer ...")
    return reply(.unauthorized, "Bearer realm=\"\(realm)\"", body)
  }

  static func rejected(_ fault: BadToken) -> Response {
    let description =
      switch fault {
      case .expired: "The access token has expired"
      case .revoked: "The access token was revoked"
      default: "The access token is not valid"
      }
    return reply(
      .unauthorized, "Bearer error=\"invalid_token\", error_description=\"\(description)\"",
      ErrorBody.standard("invalid_token", description))
  }

  /// `scope` is what the route asks for, checked to hold scope characters alone.
  static func insufficientScope(_ scope: String) -> Response {
    let description = "The access token does not have the scope that this route needs"
    return reply(
      .forbidden,
      "Bearer error=\"insufficient_scope\", error_description=\"\(description)\", scope=\"\(scope)\"",
      ErrorBody.standard("insufficient_scope", description))
  }

  private static func reply(_ status: HTTPResponse.Status, _ challenge: String, _ body: JSONObjectWriter) -> Response {
    var response = Response(status: status, json: body)
    response.headers[.wwwAuthenticate] = challenge
    return response
  }
}
