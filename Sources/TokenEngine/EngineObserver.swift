public import TokenLedger

/// What the engine did, for logs, metrics and audit. Holds no token text and no secret.
public enum EngineEvent: Sendable, Hashable {
  case opened(TokenID, subject: String, client: String)
  /// `token` is the new live one.
  case rotated(TokenID, subject: String, client: String)
  /// The predecessor was presented in the grace window and the identical pair was answered.
  case replayed(TokenID, subject: String, client: String)
  /// `token` is the presented one where its signature was good.
  case refused(GrantRefusal, token: TokenID?, client: String)
  case revoked(SessionID)
}

/// Is told of every event once its outcome is durable, on the task that caused it, before the caller is answered.
///
/// Must return at once: the caller waits for it.
public protocol EngineObserver: Sendable {
  func engine(observed event: EngineEvent)
}

/// Observes nothing.
public struct SilentObserver: EngineObserver {
  public init() {}
  public func engine(observed event: EngineEvent) {}
}
