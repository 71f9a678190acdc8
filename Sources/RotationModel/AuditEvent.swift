/// Something that happened to a session or a one-time token, with its place in the log's order.
///
/// Events are told once they are durable, in the order of their numbers; numbers in between belong to records that are nobody's
/// business. None holds a token, a key or a payload.
public struct AuditEvent: Sendable, Hashable {
  /// The number of its record: what to give to ``EventLedger/events(after:buffer:)`` to go on after it.
  public var sequence: UInt64
  /// When it was, by the wall clock: the ledger's time less the shift that was in force.
  public var time: Timestamp
  public var fact: Fact

  public init(sequence: UInt64, time: Timestamp, fact: Fact) {
    self.sequence = sequence
    self.time = time
    self.fact = fact
  }

  @nonexhaustive
  public enum Fact: Sendable, Hashable {
    /// `label`: what the subject calls the session.
    case opened(TokenID, subject: String, client: String, scope: String, label: String?)
    /// The token is the new live one.
    case rotated(TokenID, subject: String, client: String)
    /// A session whose token is never rotated was refreshed; the token is that of the new access token.
    case refreshed(TokenID, subject: String, client: String)
    /// The predecessor of the token was presented in the grace window and answered with the identical pair.
    case retried(TokenID, subject: String, client: String, ReuseClass)
    /// The token was presented as an access token for the first time: its predecessor's grace window is closed.
    case successorSeen(TokenID, subject: String, client: String)
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

/// The events of a ledger, from a place on, without end.
///
/// Each is told once it is durable. A slow consumer slows nothing: past its buffer events are dropped for it, and it is told which
/// (``AuditEvent/Fact/missed(from:)``). It ends when the ledger is closed or the task is cancelled, and throws when the ledger fails.
/// For one iteration.
public struct AuditEvents: AsyncSequence, Sendable {
  public typealias Element = AuditEvent
  public typealias Failure = LedgerError

  private let source: any AuditEventSource

  /// - Parameter source: where the iterations take their events from.
  public init(_ source: any AuditEventSource) {
    self.source = source
  }

  public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var source: any AuditEventSource

    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(LedgerError) -> AuditEvent? {
      try await source.next()
    }
  }
}

/// What a ledger gives its events from.
public protocol AuditEventSource: Sendable {
  /// The next event; nil at the end and when the task is cancelled.
  mutating func next() async throws(LedgerError) -> AuditEvent?
}
