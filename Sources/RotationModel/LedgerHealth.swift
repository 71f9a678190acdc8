/// The health of a ledger.
public struct LedgerHealth: Sendable, Hashable {
  @nonexhaustive
  public enum State: Sendable, Hashable {
    case acceptsChanges
    /// The store behind the ledger has not answered for some seconds. Changes are refused as ``LedgerError/overloaded``
    /// until it answers.
    case stalled
    /// The store behind the ledger has been unreachable since that time.
    case unavailable(since: Timestamp)
    /// The ledger is closed for good; the text gives the reason.
    case closed(String)
  }

  public var state: State
  /// The age of the newest news of revocations by other instances, or nil if there are no other instances.
  public var feedAge: Duration?
  /// True if ``feedAge`` exceeds the limit that the ledger was opened with: a token that was revoked elsewhere can
  /// still be accepted here.
  public var isFeedStale = false
  /// True if all access tokens are refused because the feed is stale.
  ///
  /// The ledger was opened to prefer that to accepting a revoked token.
  public var refusesAccess = false
  /// True if the store lacks changes that were acknowledged.
  ///
  /// Nothing is served until somebody has decided what becomes of the sessions.
  public var lacksChanges = false
  /// The number of whole seconds by which the ledger's time was ahead of the wall clock at the last reading.
  public var clockShiftSeconds: Int64

  public init(state: State, feedAge: Duration? = nil, clockShiftSeconds: Int64 = 0) {
    self.state = state
    self.feedAge = feedAge
    self.clockShiftSeconds = clockShiftSeconds
  }

  /// True if the ledger is one of several instances on one store: such an instance goes on verifying while it cannot
  /// change anything.
  package var isShared: Bool { feedAge != nil }

  /// True if the ledger attempts changes now.
  package var acceptsChanges: Bool { state == .acceptsChanges }

  /// True if the instance is useful: a shared one while it can verify, any other while it accepts changes.
  package var isServing: Bool {
    if refusesAccess { return false }
    if case .closed = state { return false }
    return isShared || acceptsChanges
  }
}

/// The store behind a ledger.
@nonexhaustive
public enum LedgerStore: Sendable, Hashable {
  /// This process alone: its memory and its log, if it has one.
  case embedded
  /// A PostgreSQL database that other instances use too. The text names its hosts and database for people, without a
  /// secret.
  case postgres(String)
  /// Another store outside this process. The text names it for people, without a secret.
  case other(String)
}
