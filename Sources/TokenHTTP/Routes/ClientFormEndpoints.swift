internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Platform
internal import TokenEngine
internal import TokenLedger

/// The rules of revocation and introspection: both take a form from an authenticated client, and refuse in the
/// standard's words.
struct ClientFormEndpoint: Sendable {
  let authenticator: ClientAuthenticator
  let faults: FaultReplies
  let bodyBytesMax: Int

  var engine: RotationEngine { faults.engine }

  /// Throws only errors of the connection while the body is read.
  func respond(
    to request: Request, logger: Logger,
    _ answer: (FormParameters, Client) async throws(TokenEndpointError) -> Response
  ) async throws -> Response {
    do {
      let form = try await request.form(bytesMax: bodyBytesMax)
      return try await answer(form, try await authenticator.client(for: request.headers, form: form))
    } catch {
      return try faults.reply(toThrown: error, logger: logger)
    }
  }
}

/// `POST /revoke` (RFC 7009): 200 once the token is durably revoked, and for every token that is not the client's to
/// revoke.
///
/// A refresh token ends its session. An access token ends alone, or with its session if the form says
/// `end_session=true`.
struct RevocationEndpoint: Sendable {
  let endpoint: ClientFormEndpoint

  private var engine: RotationEngine { endpoint.engine }

  func respond(to request: Request, logger: Logger) async throws -> Response {
    try await endpoint.respond(to: request, logger: logger) { form, client throws(TokenEndpointError) in
      guard let token = form[.token] else { throw .missing(.token) }
      do throws(EngineError) {
        _ = try await engine.revoke(token: token, client: client, endsSession: form[.endSession] == "true")
      } catch {
        throw .failed(error)
      }
      return Response(status: .ok, json: JSONObjectWriter())
    }
  }
}

/// `POST /introspect` (RFC 7662): describes a token to clients that may ask.
///
/// To all others, and for every token that is not good, the answer is only `{"active":false}`.
struct IntrospectionEndpoint: Sendable {
  let endpoint: ClientFormEndpoint

  private var engine: RotationEngine { endpoint.engine }

  func respond(to request: Request, logger: Logger) async throws -> Response {
    try await endpoint.respond(to: request, logger: logger) { form, client throws(TokenEndpointError) in
      guard let token = form[.token] else { throw .missing(.token) }
      guard client.mayIntrospect else { return Self.reply(to: .inactive, options: engine.options) }
      do throws(EngineError) {
        let hint = form[.tokenTypeHint].flatMap(TokenHint.init(rawValue:))
        return Self.reply(to: try await engine.introspect(token, hint: hint), options: engine.options)
      } catch {
        throw .failed(error)
      }
    }
  }

  private static func reply(to introspection: Introspection, options: EngineOptions) -> Response {
    var body = JSONObjectWriter()
    switch introspection {
    case .inactive:
      body.add("active", false)
    case .access(let token):
      body.add("active", true)
      body.add("scope", token.scopes.text)
      body.add("client_id", token.client)
      body.add("sub", token.subject)
      // A client's own token has no resource owner.
      if !token.subject.hasSameBytes(as: token.client) { body.add("username", token.subject) }
      body.add("token_type", token.keyThumbprint == nil ? "Bearer" : "DPoP")
      body.add("iat", token.issuedAt)
      body.add("exp", token.expiresAt)
      body.add("jti", token.tokenID.text)
      body.add("sid", token.tokenID.session.text)
      body.add("iss", options.issuer)
      if !options.audience.isEmpty { body.add("aud", options.audience) }
      body.addConfirmation(thumbprint: token.keyThumbprint)
    case .refresh(let session):
      body.add("active", true)
      body.add("scope", session.scope)
      body.add("client_id", session.client)
      body.add("sub", session.subject)
      body.add("username", session.subject)
      body.add("token_type", "refresh_token")
      let shown = session.onWallClock
      body.add("iat", shown.refreshedAt.seconds)
      body.add("exp", shown.expiresAt.secondsRoundedUp)
      body.add("jti", session.refreshTokenID.text)
      body.add("sid", session.id.text)
      body.add("iss", options.issuer)
      body.addConfirmation(thumbprint: session.keys.lifelong?.description)
    }
    return Response(status: .ok, json: body)
  }
}
