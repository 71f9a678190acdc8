internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger

/// `POST /token`: reads the form, finds the client, asks the engine (RFC 6749 §3.2).
struct TokenEndpoint: Sendable {
  let engine: RotationEngine
  let authenticator: ClientAuthenticator
  let wire: WireFormat
  let bodyBytesMax: Int
  /// Nil where failed log-ins are not bounded.
  let limiter: LoginLimiter?
  let observation: GrantObservation

  /// Who every caller is where the wire asks for no client authentication.
  private static let rommClient = Client(id: "romm", isPublic: true)
  /// The same at a log-in that asks for no scope, which gets none there.
  private static let rommClientWithoutScopes = Client(id: "romm", isPublic: true, scopes: Scopes(""))
  /// May name several resource servers (RFC 8707 §2); it is not looked at.
  private static let repeatable = "resource"

  /// Throws only what the connection throws while the body is read.
  ///
  /// - Parameter address: where the request comes from, for the bound of failed log-ins: asked for at a log-in alone.
  func respond(
    to request: Request, logger: Logger, from address: @Sendable () -> PeerAddress?
  ) async throws -> Response {
    try await wire.answer(engine: engine, logger: logger) {
      let form = try await request.form(
        bytesMax: bodyBytesMax, takesMultipart: wire == .romm, mayRepeat: { $0 == Self.repeatable })
      return try await grant(form, headers: request.headers, from: address)
    }
  }

  private func grant(
    _ form: FormParameters, headers: HTTPFields, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenFault) -> Response {
    switch wire {
    case .standard:
      guard let name = form[.grantType] else { throw .missing(.grantType) }
      let client = try await authenticator.client(for: headers, form: form)
      return try await grant(name, form, scope: form[.scope], client: client, from: address)
    case .romm:
      let name = form[.grantType] ?? GrantType.password.rawValue
      // There a refresh has what was granted, whatever it asks for, and a log-in what it asks for, split at any white space.
      guard name == GrantType.password.rawValue else {
        return try await grant(name, form, scope: nil, client: Self.rommClient, from: address)
      }
      let scope = (form[.scope] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let client = scope.isEmpty ? Self.rommClientWithoutScopes : Self.rommClient
      return try await grant(name, form, scope: scope, client: client, from: address)
    }
  }

  private func grant(
    _ name: String, _ form: FormParameters, scope: String?, client: Client, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenFault) -> Response {
    switch GrantType(rawValue: name) {
    case .password:
      guard let user = form[.username].map(NameForm.typed) else { throw .missing(.username) }
      guard let password = form[.password] else { throw .missing(.password) }
      return try reply(to: try await logIn(user, password, scope: scope, client: client, from: address), .password)
    case .refreshToken:
      guard let token = form[.refreshToken] else { throw .missing(.refreshToken) }
      let outcome: GrantOutcome
      do throws(EngineFailure) {
        outcome = try await observation.watch(.refreshToken) { () async throws(EngineFailure) in
          try await engine.refresh(token, client: client, scope: scope)
        }
      } catch {
        throw .failed(error)
      }
      return try reply(to: outcome, .refreshToken)
    case .clientCredentials where wire == .standard:
      let outcome: ClientGrantOutcome
      do throws(EngineFailure) {
        outcome = try await observation.watch(.clientCredentials) { () async throws(EngineFailure) in
          try await engine.clientToken(for: client, scope: scope)
        }
      } catch {
        throw .failed(error)
      }
      switch outcome {
      case .granted(let token): return wire.reply(to: token)
      case .refused(let refusal): throw .refused(refusal, .clientCredentials)
      }
    case .clientCredentials, nil:
      throw .unsupportedGrant(named: name)
    }
  }

  private func logIn(
    _ user: String, _ password: String, scope: String?, client: Client, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenFault) -> GrantOutcome {
    @Sendable func logIn() async throws(EngineFailure) -> GrantOutcome {
      try await observation.watch(.password) { () async throws(EngineFailure) in
        let name = wire == .romm ? try await engine.loginName(ignoringCase: user) : user
        return try await engine.logIn(name: name, password: password, client: client, scope: scope)
      }
    }
    guard let limiter else {
      do { return try await logIn() } catch { throw .failed(error) }
    }
    let (attempt, wait) = limiter.begin(client: client.id, address: address(), name: user)
    guard let attempt else {
      observation.metrics?.notePutOff()
      throw .putOff(wait)
    }
    do {
      let outcome = try await logIn()
      switch outcome {
      case .granted: limiter.end(attempt, .succeeded)
      case .refused(.badCredentials): limiter.end(attempt, .failed)
      case .refused: limiter.end(attempt, .undecided)
      }
      return outcome
    } catch {
      limiter.end(attempt, .undecided)
      throw .failed(error)
    }
  }

  private func reply(to outcome: GrantOutcome, _ grant: GrantType) throws(TokenFault) -> Response {
    switch outcome {
    case .granted(let pair): return wire.reply(to: pair)
    case .refused(let refusal): throw .refused(refusal, grant)
    }
  }
}
