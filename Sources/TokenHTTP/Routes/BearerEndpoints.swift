internal import HTTPTypes
internal import Hummingbird
internal import Platform
internal import TokenEngine

/// `GET /auth`: tells a proxy whether to let a request through (nginx `auth_request`, Traefik `forwardAuth`, Caddy
/// `forward_auth`).
///
/// 204 with the caller in `X-Auth-Subject`, `X-Auth-Scopes` and `X-Auth-Client`, for the proxy to pass on; 401 or 403
/// like any protected route. With `?scope=a` (or `a%20b`, `a+b`, or `scope` more than once) the token must have those
/// scopes.
enum ForwardAuthentication {
  static func respond(to request: Request, bearer: BearerState, challenge: BearerChallenge) -> Response {
    let token: AccessToken
    do { token = try bearer.required() } catch { return challenge.response(to: error, for: request) }
    // Other parameters that a proxy puts into the query are its own.
    guard let query = try? FormParameters(query: request, mayRepeat: { _ in true }),
      let required = Scopes(query.all(named: "scope").joined(separator: " "))
    else {
      return Response(.malformedRequiredScope)
    }
    guard required.isSubset(of: token.scopes) else {
      return challenge.response(to: .insufficientScope(required), for: request)
    }
    var response = Response(status: .noContent)
    response.headers[.cacheControl] = "no-store"
    for (name, value) in [
      ("X-Auth-Subject", token.subject), ("X-Auth-Scopes", token.scopes.text), ("X-Auth-Client", token.client),
    ] {
      if let name = HTTPField.Name(name) { response.headers[name] = headerText(value) }
    }
    return response
  }

  /// Returns the text as a header value, which holds visible ASCII: everything else, and the percent sign, is
  /// percent-encoded UTF-8 (RFC 3986 §2.1).
  ///
  /// A space at either end, which a header would lose, is encoded too: " ann" is not "ann".
  static func headerText(_ text: String) -> String {
    var encoded = ""
    for (index, byte) in text.utf8.enumerated() {
      let isAtEnd = index == 0 || index == text.utf8.count - 1
      if (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") || byte == 0x20 && !isAtEnd {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + String(byte, digits: 2, uppercase: true)
      }
    }
    return encoded
  }
}

/// `GET /me` and `GET /public`: tell callers who they are.
enum CallerEndpoint {
  /// Answers with what the caller's access token says; 401 without a good one.
  static func caller(_ request: Request, _ bearer: BearerState, challenge: BearerChallenge) -> Response {
    let token: AccessToken
    do { token = try bearer.required() } catch { return challenge.response(to: error, for: request) }
    var body = JSONObjectWriter()
    body.add("subject", token.subject)
    body.add("client", token.client)
    body.add("scope", token.scopes.text)
    body.add("scopes", token.scopes.tokens)
    body.add("session", String(token.tokenID.text.prefix(16)))
    body.add("issued_at", token.issuedAt)
    body.add("expires_at", token.expiresAt)
    body.addConfirmation(thumbprint: token.keyThumbprint)
    return Response(status: .ok, json: body)
  }

  /// Answers whether the caller has a good access token.
  static func anyone(_ bearer: BearerState) -> Response {
    var body = JSONObjectWriter()
    body.add("authenticated", bearer.accessToken != nil)
    if let token = bearer.accessToken { body.add("subject", token.subject) }
    return Response(status: .ok, json: body)
  }
}
