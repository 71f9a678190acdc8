import TokenEngine

/// An access token and the engine that it is from.
public struct IssuedToken: Sendable {
  public let engine: RotationEngine
  public let token: String

  public init(of engine: RotationEngine) async throws {
    self.engine = engine
    token = try await engine.openUncheckedSession(
      subject: "ann", client: EngineCallers.client, scopes: EngineCallers.scopes
    )
    .accessToken
  }
}
