internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger

/// `POST /introspect` (RFC 7662): what a token is, for clients that may ask. To all others, and about every token that is not good, the
/// answer is `{"active":false}` and no more.
struct IntrospectionEndpoint: Sendable {
  let endpoint: ClientFormEndpoint

  private var engine: RotationEngine { endpoint.engine }

  func respond(to request: Request, logger: Logger) async throws -> Response {
    try await endpoint.respond(to: request, logger: logger) { form, client throws(TokenFault) in
      guard let token = form[.token] else { throw .missing(.token) }
      guard client.mayIntrospect else { return Self.reply(to: .inactive, options: engine.options) }
      do throws(EngineFailure) {
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
      if !token.subject.isSame(as: token.client) { body.add("username", token.subject) }
      body.add("token_type", "Bearer")
      body.add("iat", token.issuedAt)
      body.add("exp", token.expiresAt)
      body.add("jti", token.tokenID.text)
      body.add("sid", token.tokenID.session.text)
      body.add("iss", options.issuer)
      if !options.audience.isEmpty { body.add("aud", options.audience) }
    case .refresh(let session):
      body.add("active", true)
      body.add("scope", session.scope)
      body.add("client_id", session.client)
      body.add("sub", session.subject)
      body.add("username", session.subject)
      body.add("token_type", "refresh_token")
      let shown = session.onWallClock
      body.add("iat", shown.usedAt.seconds)
      body.add("exp", shown.expiresAt.secondsRoundedUp)
      body.add("jti", session.refreshTokenID.text)
      body.add("sid", session.id.text)
      body.add("iss", options.issuer)
    }
    return Response(status: .ok, json: body)
  }
}
