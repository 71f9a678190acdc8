public import TokenLedger

/// What the engine did, for logs, metrics and audit. Holds no token text and no secret.
public enum EngineEvent: Sendable, Hashable {
  case opened(TokenID, subject: String, client: String)
  /// `token` is the new live one.
  case rotated(TokenID, subject: String, client: String)
  /// The session's refresh token is never rotated; `token` is that of the new access token.
  case used(TokenID, subject: String, client: String)
  /// The predecessor was presented in the grace window and the identical pair was answered.
  case replayed(TokenID, subject: String, client: String, ReuseClass)
  /// An access token for the client itself.
  case clientGranted(TokenID, client: String)
  /// `token` is the presented one where its signature was good.
  case refused(GrantRefusal, token: TokenID?, client: String)
  case revoked(SessionID)
  case revokedAll(SessionScope)
  case accessRevoked(TokenID)
  case oneTimeIssued(SessionID, subject: String, purpose: String)
  case oneTimeConsumed(SessionID, subject: String, purpose: String)
  case oneTimeRefused(OneTimeTokenRefusal, SessionID?, purpose: String)
  /// The checkpoint covers all records up to `sequence`; `entries` are the sessions and one-time tokens in it.
  case checkpointed(sequence: UInt64, entries: Int, bytes: UInt64, segmentsRemoved: Int)
  /// The log is as it was and goes on; the text says what and where.
  case checkpointFailed(String)
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
