/// The part of a session's history that the log still holds.
public struct SessionHistory: Sendable, Hashable {
  /// The session as it is, or as it was before its end; nil if the log no longer holds it.
  public var session: Session?
  /// The session's events in the order of the log.
  ///
  /// They begin with ``AuditEvent/Fact/missed(from:)`` if a checkpoint has replaced the first part;
  /// ``AuditEvent/Fact/expired(sessions:oneTimeTokens:)`` stands for the end of this session.
  public var events: [AuditEvent] = []
  /// The number of events after the first one that are left out, so that the latest ones fit.
  public var omittedCount = 0
  /// The time of the revocation if only a checkpoint records it; the checkpoint holds neither the cause nor the scope.
  public var revokedAt: Timestamp?
  public var extent = HistoryExtent()

  public init(events: [AuditEvent] = [], omittedCount: Int = 0) {
    self.events = events
    self.omittedCount = omittedCount
  }
}

/// The ended sessions of a subject, as far as the log still holds them.
public struct EndedSessions: Sendable, Hashable {
  /// The sessions, the latest end first.
  public var sessions: [EndedSession] = []
  /// The number of earlier sessions that are left out.
  public var omittedCount = 0
  public var extent = HistoryExtent()

  public init() {}
}

/// A session that has ended, with its end.
public struct EndedSession: Sendable, Hashable {
  public enum End: Sendable, Hashable {
    case expired
    /// The session was revoked; the cause is nil if only a checkpoint records the revocation.
    case revoked(RevocationCause?)
    case revokedAll(SessionScope)
  }

  /// The session as it was before its end.
  public var session: Session
  public var endedAt: Timestamp
  public var end: End

  public init(session: Session, endedAt: Timestamp, end: End) {
    self.session = session
    self.endedAt = endedAt
    self.end = end
  }
}

/// The amount of the log that a reading of the history covered.
public struct HistoryExtent: Sendable, Hashable {
  /// The number of records and of checkpoint entries that were read.
  public var recordCount: UInt64 = 0
  /// True if the whole log was read.
  ///
  /// False if ``HistoryLimits`` ended the reading early, so that newer events are missing.
  public var isWhole = false

  public init(recordCount: UInt64 = 0, isWhole: Bool = false) {
    self.recordCount = recordCount
    self.isWhole = isWhole
  }
}

/// The limits on the cost of reading a history.
///
/// Reading replays the log from its checkpoint on, beside the ledger and on a thread that yields to others.
public struct HistoryLimits: Sendable, Hashable {
  /// The longest time that the reading may take.
  public var duration: Duration
  /// The most sessions and one-time tokens in memory at once, about 100 bytes each.
  public var entriesMax: Int
  /// The most events or sessions in the result, at least 2.
  public var toldMax: Int

  public init(duration: Duration = .seconds(3), entriesMax: Int = 2_000_000, toldMax: Int = 400) {
    precondition(toldMax >= 2, "a history that tells nothing")
    self.duration = duration
    self.entriesMax = entriesMax
    self.toldMax = toldMax
  }
}
