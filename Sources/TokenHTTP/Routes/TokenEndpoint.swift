internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger
internal import TokenObservability

/// `POST /token`: reads the form, finds the client, asks the engine (RFC 6749 §3.2).
struct TokenEndpoint: Sendable {
  let authenticator: ClientAuthenticator
  let faults: FaultReplies
  let bodyBytesMax: Int
  /// Nil if failed log-ins are not bounded.
  let limiter: LoginLimiter?
  let observation: GrantObservation

  /// The parameter that can name several resource servers (RFC 8707 §2); it is ignored.
  private static let repeatable = "resource"

  private var engine: RotationEngine { faults.engine }
  private var wire: any TokenWire { faults.wire }

  /// Throws only errors of the connection while the body is read.
  ///
  /// - Parameter address: the address that the request comes from, for the bound of failed log-ins; only asked for at a
  ///   log-in.
  func respond(
    to request: Request, logger: Logger, from address: @Sendable () -> PeerAddress?
  ) async throws -> Response {
    do {
      let form = try await request.form(
        bytesMax: bodyBytesMax, takesMultipart: wire.takesMultipart, mayRepeat: { $0 == Self.repeatable })
      let asked = try await wire.request(in: form, headers: request.headers, authenticator: authenticator)
      switch asked.grant {
      case .password: return try await logIn(form, asked, from: address)
      case .refreshToken: return try await refresh(form, asked)
      case .clientCredentials: return try await clientToken(asked)
      }
    } catch {
      return try faults.reply(toThrown: error, logger: logger)
    }
  }

  private func refresh(_ form: FormParameters, _ asked: GrantRequest) async throws(TokenEndpointError) -> Response {
    guard let token = form[.refreshToken] else { throw .missing(.refreshToken) }
    let outcome: GrantOutcome
    do throws(EngineError) {
      outcome = try await observation.watch(.refreshToken) { () async throws(EngineError) in
        try await engine.refresh(
          token, client: asked.client, scope: asked.scope, clients: authenticator.clients)
      }
    } catch {
      throw .failed(error)
    }
    return try reply(to: outcome, .refreshToken)
  }

  private func clientToken(_ asked: GrantRequest) async throws(TokenEndpointError) -> Response {
    let outcome: ClientGrantOutcome
    do throws(EngineError) {
      outcome = try await observation.watch(.clientCredentials) { () async throws(EngineError) in
        try await engine.clientToken(for: asked.client, scope: asked.scope)
      }
    } catch {
      throw .failed(error)
    }
    switch outcome {
    case .granted(let token): return StandardWire().reply(to: token)
    case .refused(let refusal): throw .refused(refusal, .clientCredentials)
    }
  }

  private func logIn(
    _ form: FormParameters, _ asked: GrantRequest, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenEndpointError) -> Response {
    guard let user = form[.username].map(NameForm.typed) else { throw .missing(.username) }
    guard let password = form[.password] else { throw .missing(.password) }
    return try reply(to: try await logIn(user, password, asked, from: address), .password)
  }

  private func logIn(
    _ user: String, _ password: String, _ asked: GrantRequest, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenEndpointError) -> GrantOutcome {
    @Sendable func logIn() async throws(EngineError) -> GrantOutcome {
      try await observation.watch(.password) { () async throws(EngineError) in
        let name = wire.ignoresCaseOfNames ? try await engine.loginName(ignoringCase: user) : user
        return try await engine.logIn(name: name, password: password, client: asked.client, scope: asked.scope)
      }
    }
    guard let limiter else {
      do { return try await logIn() } catch { throw .failed(error) }
    }
    let (attempt, wait) = limiter.begin(client: asked.client.id, address: address(), name: user)
    guard let attempt else {
      observation.metrics?.notePutOff()
      throw .throttled(wait)
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

  private func reply(to outcome: GrantOutcome, _ grant: GrantType) throws(TokenEndpointError) -> Response {
    switch outcome {
    case .granted(let pair): return wire.reply(to: pair)
    case .refused(let refusal): throw .refused(refusal, grant)
    }
  }
}
