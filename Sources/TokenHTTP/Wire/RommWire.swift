internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The wire of rommapp/romm's `/api/token`: no client authentication, `expires` beside `expires_in`, errors as
/// `{"detail": "..."}`.
struct RommWire: TokenWire {
  var takesMultipart: Bool { true }
  var ignoresCaseOfNames: Bool { true }
  /// Its replies have no place for another type of token than `bearer`.
  var takesProofs: Bool { false }

  /// The client of every caller.
  private static let client = Client(id: "romm", isPublic: true)
  /// The client of a log-in that asks for no scope, which gets none.
  private static let clientWithoutScopes = Client(id: "romm", isPublic: true, scopes: Scopes(""))

  /// Reads the form.
  ///
  /// A refresh gets what was granted, whatever it asks for; a log-in gets what it asks for, split at any white space.
  func request(
    in form: FormParameters, headers: HTTPFields, authenticator: ClientAuthenticator
  ) async throws(TokenEndpointError) -> GrantRequest {
    let name = form[.grantType] ?? GrantType.password.rawValue
    switch GrantType(rawValue: name) {
    case .password:
      let scope = (form[.scope] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return GrantRequest(
        grant: .password, client: scope.isEmpty ? Self.clientWithoutScopes : Self.client, scope: scope)
    case .refreshToken:
      return GrantRequest(grant: .refreshToken, client: Self.client, scope: nil)
    case .clientCredentials, nil:
      throw .unsupportedGrant(named: name)
    }
  }

  func reply(to pair: TokenPair) -> Response {
    var body = JSONObjectWriter(capacity: pair.accessToken.utf8.count + pair.refreshToken.utf8.count + 256)
    body.add("access_token", pair.accessToken)
    body.add("token_type", "bearer")
    body.add("expires_in", pair.expiresInSeconds)
    body.add("refresh_token", pair.refreshToken)
    body.add("refresh_expires_in", pair.refreshExpiresInSeconds)
    body.add("expires", pair.expiresInSeconds)
    body.add("refresh_expires", pair.refreshExpiresInSeconds)
    body.add("scope", pair.scopes.text)
    return Response(status: .ok, json: body)
  }

  func reply(to fault: TokenEndpointError) -> Response {
    switch fault {
    case .form(.mediaType): reply(.unsupportedMediaType, "Unsupported media type")
    case .form(.tooLarge): reply(.contentTooLarge, "Request body too large")
    case .form(.duplicate), .form(.tooManyParameters), .form(.malformed): reply(.badRequest, "Invalid form")
    case .missing(.refreshToken): reply(.badRequest, "Missing refresh token")
    case .missing: reply(.badRequest, "Missing username or password")
    case .unsupportedGrant(named: GrantType.clientCredentials.rawValue):
      reply(.badRequest, "Client credentials are not yet supported")
    case .unsupportedGrant, .ambiguousClient, .invalidClient: reply(.badRequest, "Invalid or unsupported grant type")
    case .refused(.subjectDisabled, _): reply(.forbidden, "User account is disabled")
    case .refused(.invalidScope, _): reply(.forbidden, "Insufficient scope")
    case .refused(_, .password): unauthorized("Invalid username or password")
    case .refused: unauthorized("Invalid refresh token")
    case .throttled: reply(.tooManyRequests, "Too many failed log-ins")
    case .notAdmitted, .failed:
      fault.isUnavailable
        ? reply(.serviceUnavailable, "Temporarily unavailable") : reply(.internalServerError, "Internal server error")
    }
  }

  func unanswered(_ status: HTTPResponse.Status) -> Response {
    reply(status, status == .notFound ? "Not Found" : status.reasonPhrase)
  }

  func methodNotAllowed(allowed methods: String) -> Response {
    reply(.methodNotAllowed, "Method Not Allowed")
  }

  private func unauthorized(_ detail: String) -> Response {
    var response = reply(.unauthorized, detail)
    response.headers[.wwwAuthenticate] = "Bearer"
    return response
  }

  private func reply(_ status: HTTPResponse.Status, _ detail: String) -> Response {
    var body = JSONObjectWriter()
    body.add("detail", detail)
    return Response(status: status, json: body)
  }
}
