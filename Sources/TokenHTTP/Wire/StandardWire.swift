internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The wire of RFC 6749: clients authenticate, errors are those of its §5.2.
struct StandardWire: TokenWire {
  var takesMultipart: Bool { false }
  var ignoresCaseOfNames: Bool { false }
  var takesProofs: Bool { true }

  func request(
    in form: FormParameters, headers: HTTPFields, authenticator: ClientAuthenticator
  ) async throws(TokenEndpointError) -> GrantRequest {
    guard let name = form[.grantType] else { throw .missing(.grantType) }
    let client = try await authenticator.client(for: headers, form: form)
    guard let grant = GrantType(rawValue: name) else { throw .unsupportedGrant(named: name) }
    return GrantRequest(grant: grant, client: client, scope: form[.scope])
  }

  func reply(to pair: TokenPair) -> Response {
    var body = JSONObjectWriter(capacity: pair.accessToken.utf8.count + pair.refreshToken.utf8.count + 256)
    body.add("access_token", pair.accessToken)
    body.add("token_type", pair.tokenType)
    body.add("expires_in", pair.expiresInSeconds)
    body.add("refresh_token", pair.refreshToken)
    body.add("refresh_expires_in", pair.refreshExpiresInSeconds)
    body.add("scope", pair.scopes.text)
    return Response(status: .ok, json: body)
  }

  /// Hands out a client's own token, without a refresh token (RFC 6749 §4.4.3).
  ///
  /// Only this wire has the grant.
  func reply(to token: ClientToken) -> Response {
    var body = JSONObjectWriter(capacity: token.accessToken.utf8.count + 128)
    body.add("access_token", token.accessToken)
    body.add("token_type", token.tokenType)
    body.add("expires_in", token.expiresInSeconds)
    body.add("scope", token.scopes.text)
    return Response(status: .ok, json: body)
  }

  func reply(to fault: TokenEndpointError) -> Response {
    var response = Response(Self.error(of: fault))
    // The challenge that RFC 6749 §5.2 asks for.
    if case .invalidClient = fault {
      response.headers[.wwwAuthenticate] = "Basic realm=\"\(BearerChallenge.realmStandard)\""
    }
    return response
  }

  func unanswered(_ status: HTTPResponse.Status) -> Response {
    Response(status == .notFound ? .noSuchPath : .unanswered(status))
  }

  func methodNotAllowed(allowed methods: String) -> Response {
    Response(.methodNotAllowed(methods))
  }

  private static func error(of fault: TokenEndpointError) -> OAuthError {
    switch fault {
    case .form(.mediaType): .notForm
    case .form(.tooLarge): .bodyTooLarge
    case .form(.duplicate): .repeatedParameter
    case .form(.tooManyParameters): .tooManyParameters
    case .form(.malformed): .malformedForm
    case .missing(let parameter): .missing(parameter: parameter.rawValue)
    case .ambiguousClient: .ambiguousClient
    case .invalidClient: .invalidClient
    case .unsupportedGrant: .unsupportedGrantType
    case .refused(let refusal, let grant): error(of: refusal, grant)
    case .throttled: .tooManyLogIns
    case .notAdmitted, .failed: fault.isUnavailable ? .unavailable : .failed
    }
  }

  /// The error of a refused grant; its code is ``GrantRefusal/errorCode``.
  static func error(of refusal: GrantRefusal, _ grant: GrantType) -> OAuthError {
    switch refusal {
    case .invalidScope: .invalidScope
    case .unauthorizedClient: .unauthorizedClient
    case .clientNamedAsSubject: .clientNamedAsSubject
    case .badProof(let bad): .badProof(bad, .badRequest)
    default: grant == .password ? .refusedLogIn : .refusedRefreshToken
    }
  }
}
