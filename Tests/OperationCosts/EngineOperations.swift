internal import TokenEngine
internal import TokenLedger
internal import TokenSigning

extension Operation {
  /// What an embedder calls.
  static let engine: [Operation] = [
    Operation("engine refresh, in memory", rounds: 1000) { rounds, _ in
      let engine = try RotationEngine.inMemory(clock: clock)
      var token = try await engine.openUncheckedSession(subject: "ann", client: client, scopes: scopes()).refreshToken
      for _ in 0..<rounds {
        guard case .granted(let pair) = try await engine.refresh(token, client: client) else {
          throw UnexpectedOutcome("a live token was refused")
        }
        token = pair.refreshToken
      }
    },
    Operation("engine refresh, in memory, batch of 100", unitsPerRound: 100, rounds: 20) { rounds, _ in
      let engine = try RotationEngine.inMemory(clock: clock)
      let openings = Array(
        repeating: OpeningRequest(subject: "ann", client: client, scopes: try scopes()), count: 100)
      var tokens = try await engine.openUncheckedSessions(openings).map(\.refreshToken)
      for _ in 0..<rounds {
        let outcomes = try await engine.refresh(tokens.map { RefreshRequest(token: $0, client: client) })
        for (place, outcome) in outcomes.enumerated() {
          guard case .success(.granted(let pair)) = outcome else {
            throw UnexpectedOutcome("a live token was refused")
          }
          tokens[place] = pair.refreshToken
        }
      }
    },
    // With the making of the proof, which is a signature more.
    Operation("engine refresh with a proof, in memory", rounds: 100) { rounds, _ in
      let engine = try RotationEngine.inMemory(clock: clock)
      let (signer, uri) = (DPoPSigner(), "https://tokens.example/token")
      func proof(_ number: Int) -> PresentedProof {
        let text = signer.proof(
          method: "POST", uri: uri, identifier: "\(number)", issuedAt: clock.now().seconds)
        return PresentedProof(text: text, method: "POST", uri: uri)
      }
      var token = try await engine.openUncheckedSession(
        subject: "ann", client: client, scopes: scopes(), proof: proof(-1)
      ).refreshToken
      for number in 0..<rounds {
        guard case .granted(let pair) = try await engine.refresh(token, client: client, proof: proof(number)) else {
          throw UnexpectedOutcome("a live token was refused")
        }
        token = pair.refreshToken
      }
    },
    Operation("engine verify an access token", rounds: 1000) { rounds, _ in
      let engine = try RotationEngine.inMemory(clock: clock)
      let token = try await engine.openUncheckedSession(subject: "ann", client: client, scopes: scopes()).accessToken
      for _ in 0..<rounds {
        guard try engine.verify(token).subject == "ann" else { throw UnexpectedOutcome("the token is ann's") }
      }
    },
    Operation("engine open a session, in memory", rounds: 1000) { rounds, _ in
      let engine = try RotationEngine.inMemory(clock: clock)
      for _ in 0..<rounds {
        guard
          try await engine.openUncheckedSession(subject: "ann", client: client, scopes: scopes()).expiresInSeconds > 0
        else {
          throw UnexpectedOutcome("the token is for later")
        }
      }
    },
  ]

  private static let client = Client(id: "web", isPublic: true)

  private static func scopes() throws -> Scopes {
    guard let scopes = Scopes("read write") else { throw UnexpectedOutcome("these are scopes") }
    return scopes
  }
}
