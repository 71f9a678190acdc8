/// Something that happened to a session or a one-time token, with its position in the order of the log.
///
/// Events are delivered once they are durable, in the order of their numbers. Numbers can be skipped, since some
/// records of the log are internal. No event holds a token, a key or a payload.
public struct AuditEvent: Sendable, Hashable {
  /// The number of the event's record.
  ///
  /// Pass it to ``EventLedger/events(after:buffer:)`` to continue after this event.
  public var sequence: UInt64
  /// The time of the event by the wall clock: the ledger's time minus the shift that was in force.
  public var time: Timestamp
  public var fact: Fact

  public init(sequence: UInt64, time: Timestamp, fact: Fact) {
    self.sequence = sequence
    self.time = time
    self.fact = fact
  }

  @nonexhaustive
  public enum Fact: Sendable, Hashable {
    /// A session was opened; `label` is the name that the subject gave it.
    case opened(TokenID, subject: String, client: String, scope: String, label: String?)
    /// The session was rotated; the token is the new live one.
    case rotated(TokenID, subject: String, client: String)
    /// A session whose refresh token is never rotated was refreshed; the token is the id of the new access token.
    case refreshed(TokenID, subject: String, client: String)
    /// The predecessor of the token was presented inside the grace window and answered with the same pair.
    case retried(TokenID, subject: String, client: String, ReuseClass)
    /// The token was presented as an access token for the first time, which closes its predecessor's grace window.
    case successorSeen(TokenID, subject: String, client: String)
    /// The token was presented after it had been consumed.
    case reused(
      TokenID, subject: String, client: String, ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
    case revoked(SessionID, subject: String, client: String, RevocationCause)
    /// All sessions of the scope that were opened before this event were revoked.
    case revokedAll(SessionScope)
    case accessRevoked(TokenID, until: Timestamp)
    /// The numbers of sessions and one-time tokens that have expired since the last event of this kind. Those that had
    /// been revoked or consumed are not counted.
    case expired(sessions: Int, oneTimeTokens: Int)
    case oneTimeIssued(SessionID, subject: String, purpose: String)
    case oneTimeConsumed(SessionID, subject: String, purpose: String)
    /// The events from the number `from` up to the number of this event are not delivered: the consumer was too slow
    /// for its buffer, or a checkpoint has replaced that part of the log.
    case missed(from: UInt64)
  }
}

/// The events of a ledger from a given position on, without end.
///
/// Each event is delivered once it is durable. A slow consumer never slows the ledger: when its buffer is full, events
/// are dropped for this consumer, and ``AuditEvent/Fact/missed(from:)`` tells it which. The sequence ends when the
/// ledger is closed or the task is cancelled, and throws when the ledger fails. It can be iterated once.
public struct AuditEvents: AsyncSequence, Sendable {
  public typealias Element = AuditEvent
  public typealias Failure = LedgerError

  private let source: any AuditEventSource

  /// - Parameter source: The source of the events.
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

/// A source from which a ledger delivers its events.
public protocol AuditEventSource: Sendable {
  /// Returns the next event, or nil at the end and when the task is cancelled.
  mutating func next() async throws(LedgerError) -> AuditEvent?
}
