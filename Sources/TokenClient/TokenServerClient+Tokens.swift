/// The endpoints of OAuth 2.0: `/token` (RFC 6749), `/revoke` (RFC 7009) and `/introspect` (RFC 7662).
extension TokenServerClient {
  /// Logs a user in with a password.
  ///
  /// - Parameters:
  ///   - user: The name of the user.
  ///   - password: The password of the user.
  ///   - scopes: The scopes to ask for; nil for all that user and client may have.
  /// - Returns: The tokens of a new session.
  /// - Throws: ``TokenClientError``. If the outcome is unknown, there can be a session that nobody holds
  ///   (``LostReply/Consequence/mayExist``).
  public func logIn(
    user: String, password: String, scopes: Scopes? = nil
  ) async throws(TokenClientError) -> IssuedTokens {
    try await tokens(
      [("grant_type", "password"), ("username", user), ("password", password)], scopes, losing: .mayExist)
  }

  /// Refreshes: presents a refresh token, which is consumed, and returns its successor.
  ///
  /// - Parameters:
  ///   - refreshToken: The refresh token.
  ///   - scopes: The scopes of the new access token, a part of the session's; nil for all of them.
  /// - Returns: The new access token and the refresh token to present next, which is the same one if the server never
  ///   rotates those of the session.
  /// - Throws: ``TokenClientError``. If the outcome is unknown, the refresh token can be consumed
  ///   (``LostReply/Consequence/mayBeConsumed``).
  public func refresh(_ refreshToken: String, scopes: Scopes? = nil) async throws(TokenClientError) -> IssuedTokens {
    try await tokens(
      [("grant_type", "refresh_token"), ("refresh_token", refreshToken)], scopes, losing: .mayBeConsumed)
  }

  /// Gets an access token for this client itself, which has no refresh token (RFC 6749 §4.4).
  public func ownToken(scopes: Scopes? = nil) async throws(TokenClientError) -> IssuedTokens {
    try await tokens([("grant_type", "client_credentials")], scopes, losing: .mayExist)
  }

  private func tokens(
    _ form: [(name: String, value: String)], _ scopes: Scopes?, losing consequence: LostReply.Consequence
  ) async throws(TokenClientError) -> IssuedTokens {
    let reply = try await post(
      "/token", form + (scopes.map { [("scope", $0.text)] } ?? []), proven: true, losing: consequence)
    return try decoded(reply, as: IssuedTokens.self, losing: consequence)
  }

  /// Revokes a token of this client: a refresh token with its session; an access token alone, or with its session.
  ///
  /// The call returns once the revocation is durable, and also for a token that is not this client's.
  public func revoke(_ token: String, endsSession: Bool = false) async throws(TokenClientError) {
    _ = try await post(
      "/revoke", [("token", token)] + (endsSession ? [("end_session", "true")] : []), losing: .none)
  }

  /// Asks what a token is, as a client that may introspect.
  ///
  /// - Parameters:
  ///   - token: The token to ask about.
  ///   - isRefreshToken: True to ask about a refresh token, which is inactive otherwise.
  /// - Returns: The facts, or nil for a token that is not active, and for every token if this client may not
  ///   introspect.
  /// - Throws: ``TokenClientError`` if the request was refused, or its reply is lost.
  public func introspect(
    _ token: String, isRefreshToken: Bool = false
  ) async throws(TokenClientError) -> IntrospectedToken? {
    let hint = isRefreshToken ? [(name: "token_type_hint", value: "refresh_token")] : []
    let reply = try await post("/introspect", [("token", token)] + hint, losing: .none)
    guard try decoded(reply, as: IntrospectedToken.Activity.self, losing: .none).active else { return nil }
    return try decoded(reply, as: IntrospectedToken.self, losing: .none)
  }
}
