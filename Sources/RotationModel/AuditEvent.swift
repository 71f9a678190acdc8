/// Something that happened to a session or a one-time token, with its place in the log's order.
///
/// Events are told once they are durable, in the order of their numbers; numbers in between belong to records that are nobody's
/// business. None holds a token, a key or a payload.
public struct AuditEvent: Sendable, Hashable {
  /// The number of its record: what to give to ``RefreshLedger/events(after:buffer:)`` to go on after it.
  public var sequence: UInt64
  /// When it was, by the wall clock: the ledger's time less the shift that was in force.
  public var time: Timestamp
  public var fact: Fact

  public init(sequence: UInt64, time: Timestamp, fact: Fact) {
    self.sequence = sequence
    self.time = time
    self.fact = fact
  }

  public enum Fact: Sendable, Hashable {
    /// `label`: what the subject calls the session.
    case opened(TokenID, subject: String, client: String, scope: String, label: String?)
    /// The token is the new live one.
    case rotated(TokenID, subject: String, client: String)
    /// A session whose token is never rotated was refreshed; the token is that of the new access token.
    case used(TokenID, subject: String, client: String)
    /// The predecessor of the token was presented in the grace window and answered with the identical pair.
    case replayed(TokenID, subject: String, client: String, ReuseClass)
    /// The token was presented as an access token for the first time: its predecessor's grace window is closed.
    case successorUsed(TokenID, subject: String, client: String)
    /// The token was presented after it had been rotated out.
    case reused(
      TokenID, subject: String, client: String, ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
    case revoked(SessionID, subject: String, client: String, RevocationCause)
    /// All of these that were opened before.
    case revokedAll(SessionScope)
    case accessRevoked(TokenID, until: Timestamp)
    /// How many ended because their time had come, since the count before. Those that had been revoked or consumed are not counted.
    case expired(sessions: Int, oneTimeTokens: Int)
    case oneTimeIssued(SessionID, subject: String, purpose: String)
    case oneTimeConsumed(SessionID, subject: String, purpose: String)
    /// The events from this number to that of the event itself are not told: the consumer was too slow for its buffer, or a checkpoint has
    /// replaced their part of the log.
    case missed(from: UInt64)
  }
}
