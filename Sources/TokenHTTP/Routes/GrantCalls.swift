package import TokenEngine
internal import TokenObservability

/// The calls of the engine for grants, as every route makes them: each is counted, timed and put into a span, log-ins
/// are bounded, and every outcome but tokens is a ``TokenEndpointError``.
///
/// `POST /token` and the routes of ``CookieRoutes`` share one value, so that failed log-ins count together.
package struct GrantCalls: Sendable {
  package let engine: RotationEngine
  let clients: any ClientStore
  /// The bound of failed log-ins, or nil for none.
  package let limiter: LoginLimiter?
  let observation: GrantObservation

  /// Asks for a session by name and password.
  ///
  /// With `ignoresCase` the name also means the user of the same name in other letter case, if there is only one. The
  /// address, which is that of the request, is asked for only if log-ins are bounded.
  func logIn(
    _ name: String, _ password: String, client: Client, scope: String?, ignoresCase: Bool = false,
    proof: PresentedProof? = nil, from address: @Sendable () -> PeerAddress?
  ) async throws(TokenEndpointError) -> TokenPair {
    @Sendable func logIn() async throws(EngineError) -> GrantOutcome {
      try await observation.watch(.password) { () async throws(EngineError) in
        let found = ignoresCase ? try await engine.loginName(ignoringCase: name) : name
        return try await engine.logIn(
          name: found, password: password, client: client, scope: scope, proof: proof)
      }
    }
    let answer: LoginLimiter.Answer
    do throws(EngineError) {
      if let limiter {
        answer = try await limiter.logIn(client: client.id, address: address(), name: name, logIn)
      } else {
        answer = .answered(try await logIn())
      }
    } catch {
      throw .failed(error)
    }
    switch answer {
    case .answered(let outcome): return try Self.pair(outcome, .password)
    case .putOff(let wait):
      observation.metrics?.notePutOff()
      throw .throttled(wait)
    }
  }

  /// Asks for the successor of a refresh token.
  func refresh(
    _ token: String, client: Client, scope: String?, proof: PresentedProof? = nil
  ) async throws(TokenEndpointError) -> TokenPair {
    let outcome: GrantOutcome
    do throws(EngineError) {
      outcome = try await observation.watch(.refreshToken) { () async throws(EngineError) in
        try await engine.refresh(token, client: client, scope: scope, clients: clients, proof: proof)
      }
    } catch {
      throw .failed(error)
    }
    return try Self.pair(outcome, .refreshToken)
  }

  /// Asks for a client's own token.
  func clientToken(
    for client: Client, scope: String?, proof: PresentedProof?
  ) async throws(TokenEndpointError) -> ClientToken {
    let outcome: ClientGrantOutcome
    do throws(EngineError) {
      outcome = try await observation.watch(.clientCredentials) { () async throws(EngineError) in
        try await engine.clientToken(for: client, scope: scope, proof: proof)
      }
    } catch {
      throw .failed(error)
    }
    switch outcome {
    case .granted(let token): return token
    case .refused(let refusal): throw .refused(refusal, .clientCredentials)
    }
  }

  private static func pair(_ outcome: GrantOutcome, _ grant: GrantType) throws(TokenEndpointError) -> TokenPair {
    switch outcome {
    case .granted(let pair): return pair
    case .refused(let refusal): throw .refused(refusal, grant)
    }
  }
}
