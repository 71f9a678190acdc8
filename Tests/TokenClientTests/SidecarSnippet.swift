import TokenClient

/// What the article on a client of the sidecar shows.
// docs:session
/// Logs in, and keeps the session in a store that outlives the program.
func signIn(
  _ user: String, _ password: String, send: @escaping TokenServerClient.Sender, store: @escaping TokenSession.Store
) async throws -> TokenSession {
  let client = TokenServerClient(id: "web", send: send)
  let tokens = try await client.logIn(user: user, password: password)
  return try await TokenSession(client: client, tokens: tokens, store: store)
}

/// Before each request, in any task.
func authorization(of session: TokenSession) async throws -> String {
  "Bearer \(try await session.accessToken())"
}
// docs:end
