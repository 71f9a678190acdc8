/// What the log still tells of one session.
public struct SessionHistory: Sendable, Hashable {
  /// The session as it was before its end, or as it is; nil where the log tells nothing of it.
  public var session: Session?
  /// What happened to it, in the log's order. Begins with ``AuditEvent/Fact/missed(from:)`` where a checkpoint has replaced its
  /// first part; ``AuditEvent/Fact/expired(sessions:oneTimeTokens:)`` is its own end.
  public var events: [AuditEvent] = []
  /// How many events after the first one are not told, so that the latest ones are.
  public var omittedCount = 0
  /// When the session was revoked, where a checkpoint alone tells that: it says neither why nor by what.
  public var revokedAt: Timestamp?
  public var extent = HistoryExtent()

  public init(events: [AuditEvent] = [], omittedCount: Int = 0) {
    self.events = events
    self.omittedCount = omittedCount
  }
}

/// The sessions of a subject that have ended, as far as the log still tells.
public struct EndedSessions: Sendable, Hashable {
  /// The latest end first.
  public var sessions: [EndedSession] = []
  /// How many earlier ones are not told.
  public var omittedCount = 0
  public var extent = HistoryExtent()

  public init() {}
}

/// A session and its end.
public struct EndedSession: Sendable, Hashable {
  public enum End: Sendable, Hashable {
    case expired
    /// Nil where a checkpoint alone tells that it was revoked.
    case revoked(RevocationCause?)
    case revokedAll(SessionScope)
  }

  /// As it was before its end.
  public var session: Session
  public var endedAt: Timestamp
  public var end: End

  public init(session: Session, endedAt: Timestamp, end: End) {
    self.session = session
    self.endedAt = endedAt
    self.end = end
  }
}

/// How much of the log a look back has read.
public struct HistoryExtent: Sendable, Hashable {
  /// Records, and entries of the checkpoint.
  public var recordCount: UInt64 = 0
  /// False where ``HistoryLimits`` ended it early: what is newer is not told.
  public var isWhole = false

  public init(recordCount: UInt64 = 0, isWhole: Bool = false) {
    self.recordCount = recordCount
    self.isWhole = isWhole
  }
}

/// What a look back may cost. It replays the log from its checkpoint on, beside the ledger and on a thread that gives way to others.
public struct HistoryLimits: Sendable, Hashable {
  /// How long it may read.
  public var duration: Duration
  /// How many sessions and one-time tokens it may hold at once, about 100 bytes each.
  public var entriesMax: Int
  /// How many events or sessions it tells, 2 at least.
  public var toldMax: Int

  public init(duration: Duration = .seconds(3), entriesMax: Int = 2_000_000, toldMax: Int = 400) {
    precondition(toldMax >= 2, "a history that tells nothing")
    self.duration = duration
    self.entriesMax = entriesMax
    self.toldMax = toldMax
  }
}
