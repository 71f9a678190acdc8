internal import HTTPTypes
package import Hummingbird
internal import TokenEngine

/// An error reply in the standard's format: a status, and the `error` and `error_description` of RFC 6749 §5.2.
///
/// This file is the table of all there are. Every description is a text of ours and repeats nothing of the request.
package struct OAuthError: Error, Hashable, Sendable {
  let status: HTTPResponse.Status
  /// The standard's code, or nil if the client has done nothing wrong (RFC 6750 §3.1).
  let code: Code?
  let description: String

  /// The values of `error`.
  enum Code: String, CaseIterable {
    // RFC 6749 §5.2, of the token endpoint; RFC 7009 §2.2.1 and RFC 7662 §2.3 take them over.
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case invalidGrant = "invalid_grant"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case invalidScope = "invalid_scope"
    // RFC 6749 §4.1.2.1, of the authorization endpoint: §5.2 has none for a server that cannot answer, nor for a client
    // that may not.
    case accessDenied = "access_denied"
    case serverError = "server_error"
    case temporarilyUnavailable = "temporarily_unavailable"
    // RFC 9449 §5, §7.1 and §8, of both.
    case invalidProof = "invalid_dpop_proof"
    case nonceNeeded = "use_dpop_nonce"
    // RFC 6750 §3.1, of protected resources.
    case invalidToken = "invalid_token"
    case insufficientScope = "insufficient_scope"
    /// In no RFC: no path, or no session, of that name.
    case notFound = "not_found"
  }

  private init(_ status: HTTPResponse.Status, _ code: Code?, _ description: String) {
    self.status = status
    self.code = code
    self.description = description
  }

  private static func invalidRequest(_ description: String) -> OAuthError {
    OAuthError(.badRequest, .invalidRequest, description)
  }
}

extension Response {
  package init(_ error: OAuthError) {
    var body = JSONObjectWriter()
    if let code = error.code { body.add("error", code.rawValue) }
    body.add("error_description", error.description)
    self.init(status: error.status, json: body)
  }
}

// MARK: - Any route

extension OAuthError {
  static let noSuchPath = OAuthError(.notFound, .notFound, "There is nothing at this path")
  static let bodyTooLarge = OAuthError(.contentTooLarge, .invalidRequest, "The body is too large")
  static let repeatedParameter = invalidRequest("A parameter came more than once")
  static let unavailable = OAuthError(
    .serviceUnavailable, .temporarilyUnavailable, "The request was not answered; try it again later")
  static let failed = unanswered(.internalServerError)

  /// Returns the error for a method that a route does not have.
  ///
  /// The text `methods` names those that it has, as `Allow` does.
  static func methodNotAllowed(_ methods: String) -> OAuthError {
    OAuthError(.methodNotAllowed, .invalidRequest, "This route answers \(methods) alone")
  }

  /// A request that no route has answered.
  static func unanswered(_ status: HTTPResponse.Status) -> OAuthError {
    OAuthError(
      status, status.kind == .serverError ? .serverError : .invalidRequest, "The request could not be answered")
  }
}

// MARK: - Forms: token, revocation, introspection

extension OAuthError {
  static let notForm = OAuthError(
    .unsupportedMediaType, .invalidRequest, "The body must be application/x-www-form-urlencoded")
  static let tooManyParameters = invalidRequest("The body has too many parameters")
  static let malformedForm = invalidRequest("The body is not a well-formed form in UTF-8")
  static let ambiguousClient = invalidRequest("The client must authenticate in one way and name itself once")
  static let invalidClient = OAuthError(
    .unauthorized, .invalidClient, "The client is unknown or did not authenticate")
  static let unsupportedGrantType = OAuthError(
    .badRequest, .unsupportedGrantType, "This grant type is not supported")

  static func missing(parameter: String) -> OAuthError {
    invalidRequest("The parameter \(parameter) is missing")
  }
}

// MARK: - Refused grants

extension OAuthError {
  // One text for everything that a refused log-in can be, and one for a refused token, so that nothing is learnt from
  // it.
  static let refusedLogIn = OAuthError(
    .badRequest, .invalidGrant, "The user name or the password is wrong, or the user is disabled")
  static let refusedRefreshToken = OAuthError(
    .badRequest, .invalidGrant, "The refresh token is invalid, expired, used or revoked")
  static let refusedOneTimeToken = OAuthError(
    .badRequest, .invalidGrant, "The token is invalid, expired or used, or for another purpose")
  static let disabledSubject = OAuthError(.badRequest, .invalidGrant, "The subject is disabled")
  static let invalidScope = OAuthError(
    .badRequest, .invalidScope, "The scope is malformed or more than may be granted")
  static let unauthorizedClient = OAuthError(
    .badRequest, .unauthorizedClient, "The client may not use this grant type")
  static let clientNamedAsSubject = OAuthError(
    .badRequest, .unauthorizedClient, "The client has the name of a user and gets no token of its own")
  static let tooManyLogIns = OAuthError(
    .tooManyRequests, .temporarilyUnavailable, "Too many log-ins from there failed; try again later")
}

// MARK: - Cookies

extension OAuthError {
  static let foreignOrigin = OAuthError(
    .forbidden, .accessDenied, "This route takes requests from pages of its own origin alone")
  static let repeatedCookie = invalidRequest("The cookie came more than once")
  static let noCookie = OAuthError(.badRequest, .invalidGrant, "No refresh token came in the cookie: log in")
}

// MARK: - Proofs of keys

extension OAuthError {
  /// A proof that is bad, or missing.
  ///
  /// The description is the engine's, without the quotation marks that no `error_description` has (RFC 6749 §5.2).
  static func badProof(_ bad: BadProof, _ status: HTTPResponse.Status) -> OAuthError {
    let description = "The DPoP proof is refused: \(bad.description.replacing("\"", with: "'"))"
    return OAuthError(status, Code(rawValue: bad.errorCode) ?? .invalidProof, description)
  }

  static let boundToken = OAuthError(
    .unauthorized, .invalidToken, "The access token is bound to a key: it needs the scheme DPoP and a proof")
  static let tokenNotBound = OAuthError(
    .unauthorized, .invalidToken, "The access token is bound to no key: it needs the scheme Bearer")
}

// MARK: - Bearers

extension OAuthError {
  static let noBearer = OAuthError(
    .unauthorized, nil, "This route needs an access token: Authorization: Bearer ...")
  static let tokenOfOtherKey = OAuthError(
    .unauthorized, .invalidToken, "The access token is bound to another key than that of the proof")
  static let expiredBearer = OAuthError(.unauthorized, .invalidToken, "The access token has expired")
  static let revokedBearer = OAuthError(.unauthorized, .invalidToken, "The access token was revoked")
  static let badBearer = OAuthError(.unauthorized, .invalidToken, "The access token is not valid")
  static let insufficientScope = OAuthError(
    .forbidden, .insufficientScope, "The access token does not have the scope that this route needs")
  static let malformedRequiredScope = invalidRequest("The scope that is asked for is malformed")
}

// MARK: - Admins

extension OAuthError {
  static let notAdmin = OAuthError(.forbidden, .accessDenied, "The client is not an admin")
  static let notIntrospector = OAuthError(
    .forbidden, .accessDenied, "The client may not hear of revocations: it needs the permission to introspect")
  /// The console's refusal of a request without a session of its own.
  package static let notSignedIn = OAuthError(.unauthorized, .accessDenied, "Nobody is signed in")
  static let noSuchSession = OAuthError(.notFound, .notFound, "There is no such live session")
  static let noSelection = invalidRequest("Name subject, client_id or both, or say all=true and nothing else")

  static func outsideLimit(field: String, limit: String) -> OAuthError {
    invalidRequest("\(field) is outside its limit: \(limit)")
  }

  static let tooManyQueryParameters = invalidRequest("The query has too many parameters")
  static let malformedQuery = invalidRequest("The query is not well-formed in UTF-8")

  static func unknownParameter(known: [String]) -> OAuthError {
    invalidRequest(
      known.isEmpty
        ? "This route has no parameters in the query"
        : "A parameter is unknown: this route has \(known.joined(separator: ", "))")
  }

  static func empty(parameter: String) -> OAuthError {
    invalidRequest("The parameter \(parameter) is empty")
  }

  static let notJSON = OAuthError(.unsupportedMediaType, .invalidRequest, "The body must be application/json")
  static let notObject = invalidRequest("The body is not a JSON object")
  static let repeatedMember = invalidRequest("The body is not a JSON object in which each member stands once")

  static func missing(member: String) -> OAuthError {
    invalidRequest("The member \(member) is missing")
  }

  static func wrongType(member: String) -> OAuthError {
    invalidRequest("The member \(member) has a value of another type than it must have")
  }

  static func null(member: String) -> OAuthError {
    invalidRequest("The member \(member) must not be null")
  }
}
