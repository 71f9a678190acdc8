internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine

/// The answers of the routes for pages: log-in, refresh and log-out with the refresh token in a cookie.
struct CookieEndpoint: Sendable {
  let clientID: String
  let cookie: RefreshCookie
  let endsEverywhere: Bool
  let clients: any ClientStore
  let calls: GrantCalls
  let faults: FaultReplies
  let bodyBytesMax: Int

  private var engine: RotationEngine { faults.engine }

  /// The most cookies of the name whose sessions a log-out ends.
  private static let tokensMax = 8

  /// Opens a session and sets the cookie, in place of the one that the browser had; that one's session goes on.
  func logIn(
    _ request: Request, logger: Logger, from address: @Sendable () -> PeerAddress?
  ) async throws -> Response {
    try await answer(logger) {
      let form = try await request.form(bytesMax: bodyBytesMax)
      let (name, password) = try form.credentials()
      return reply(
        to: try await calls.logIn(name, password, client: try await client(), scope: form[.scope], from: address))
    }
  }

  /// Rotates the token of the cookie.
  ///
  /// A refusal leaves the cookie alone: this request may be the late one of two, and the browser may have the successor
  /// by now, which the reply would remove.
  func refresh(_ request: Request, logger: Logger) async throws -> Response {
    try await answer(logger) {
      guard let token = try token(of: request) else { throw OAuthError.noCookie }
      return reply(to: try await calls.refresh(token, client: try await client(), scope: nil))
    }
  }

  /// Ends the session of the cookie, or all of its subject's, and removes the cookie, whatever its token is worth.
  ///
  /// A failure of the engine leaves the cookie, so that the log-out can be tried again. Of several cookies of the name
  /// each is taken: whoever has a token may end its session.
  func logOut(_ request: Request, logger: Logger) async throws -> Response {
    try await answer(logger) {
      var isEverywhere = endsEverywhere
      if request.headers[.contentType] != nil {
        let form = try await request.form(bytesMax: bodyBytesMax)
        isEverywhere = isEverywhere || form[named: "everywhere"] == "true"
      }
      var ended = 0
      let tokens = cookie.tokens(of: request)
      for token in Set(tokens.prefix(Self.tokensMax)) { ended += try await end(token, everywhere: isEverywhere) }
      var body = JSONObjectWriter()
      body.add("ended", Int64(ended))
      var response = Response(status: .ok, json: body)
      cookie.clear(in: &response, alsoAbove: tokens.count > 1)
      return response
    }
  }

  /// Returns the number of sessions that ended.
  private func end(_ token: String, everywhere: Bool) async throws(EngineError) -> Int {
    // Its rights do not matter: whoever has the token may end it, also of a client that was removed.
    let client = Client(id: clientID, isPublic: true)
    if everywhere, let session = try await engine.session(ofRefreshToken: token, client: client) {
      return try await engine.revokeSessions(of: .subject(session.subject))
    }
    if case .session(_, wasLive: true) = try await engine.revoke(token: token, client: client) { return 1 }
    return 0
  }

  private func answer(_ logger: Logger, _ body: () async throws -> Response) async throws -> Response {
    do { return try await body() } catch let error as OAuthError {
      return Response(error)
    } catch {
      return try faults.reply(toThrown: error, logger: logger)
    }
  }

  private func token(of request: Request) throws(OAuthError) -> String? {
    do { return try cookie.token(of: request) } catch { throw .repeatedCookie }
  }

  /// The client as it is now: it can have changed since the start.
  private func client() async throws(TokenEndpointError) -> Client {
    let found: Client?
    do { found = try await clients.client(id: clientID) } catch { throw .store(error) }
    do { return try CookieClientFault.check(found, id: clientID, options: engine.options) } catch {
      throw .failed(.invalid(field: "the client of cookies", limit: error.description))
    }
  }

  /// Hands out a pair: the access token in the body, the refresh token in the cookie alone.
  private func reply(to pair: TokenPair) -> Response {
    var body = JSONObjectWriter(capacity: pair.accessToken.utf8.count + 256)
    body.add("access_token", pair.accessToken)
    body.add("token_type", "Bearer")
    body.add("expires_in", pair.expiresInSeconds)
    body.add("refresh_expires_in", pair.refreshExpiresInSeconds)
    body.add("scope", pair.scopes.text)
    var response = Response(status: .ok, json: body)
    cookie.set(pair, in: &response)
    return response
  }
}
