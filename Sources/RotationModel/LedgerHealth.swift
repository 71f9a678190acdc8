/// How a ledger is.
public struct LedgerHealth: Sendable, Hashable {
  @nonexhaustive
  public enum State: Sendable, Hashable {
    case acceptsChanges
    /// What it stands on has not answered for some seconds: changes are refused as ``LedgerError/overloaded`` until it
    /// does.
    case stalled
    /// What it stands on cannot be reached since then.
    case unavailable(since: Timestamp)
    /// For good, and why.
    case closed(String)
  }

  public var state: State
  /// How old the newest news of revocations elsewhere is; nil if there is no elsewhere.
  public var feedAge: Duration?
  /// Whether that is older than whoever opened the ledger bears: what was revoked elsewhere can be accepted here.
  public var isFeedStale = false
  /// Whether all access tokens are refused because of it: whoever opened the ledger wants that rather than a revoked
  /// one accepted.
  public var refusesAccess = false
  /// Whether what it stands on lacks changes that were acknowledged: nothing is served until somebody has decided what becomes of the sessions.
  public var lacksChanges = false
  /// By how many whole seconds the ledger's time was ahead of the wall clock when it was last looked.
  public var clockShiftSeconds: Int64

  public init(state: State, feedAge: Duration? = nil, clockShiftSeconds: Int64 = 0) {
    self.state = state
    self.feedAge = feedAge
    self.clockShiftSeconds = clockShiftSeconds
  }

  /// Whether it is one of several instances on one truth: those go on verifying while they can change nothing.
  package var isShared: Bool { feedAge != nil }

  /// Whether a change that is asked for now is tried.
  package var acceptsChanges: Bool { state == .acceptsChanges }

  /// Whether the instance is of use: a shared one is while it verifies, another one while it accepts changes.
  package var isServing: Bool {
    if refusesAccess { return false }
    if case .closed = state { return false }
    return isShared || acceptsChanges
  }
}

/// What a ledger stands on.
@nonexhaustive
public enum LedgerStore: Sendable, Hashable {
  /// This process alone: its memory and, if it has one, its log.
  case embedded
  /// A PostgreSQL database that other instances use too; the text names it for people, hosts and database, without a
  /// secret.
  case postgres(String)
  /// Something else that is not this process; the text names it for people, without a secret.
  case other(String)
}
