public import RotationModel

/// What the engine did, for logs, metrics and audit. Holds no token text and no secret.
@nonexhaustive
public enum EngineEvent: Sendable, Hashable {
  case opened(TokenID, subject: String, client: String)
  /// `token` is the new live one.
  case rotated(TokenID, subject: String, client: String)
  /// The session's refresh token is never rotated; `token` is that of the new access token.
  case refreshed(TokenID, subject: String, client: String)
  /// The predecessor was presented in the grace window and the identical pair was answered.
  case retried(TokenID, subject: String, client: String, ReuseClass)
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
  /// Somebody set the wall clock by more than two seconds, back if `byMilliseconds` is negative; or it was behind the log when the engine was opened.
  /// Tokens live as long as they should; while `shiftSeconds` is above 0 their times differ from the ledger's by it.
  case clockStepped(byMilliseconds: Int64, shiftSeconds: Int64)
  /// Changed key files were read and their keys are in force.
  case keysReloaded
  /// Changed key files were refused and the keys from before stay in force; the text says which file, why and the fix.
  case keysRefused(String)
  /// The database that holds the sessions cannot be reached; the text is one line that says why. Changes are refused until ``databaseAvailable``.
  case databaseUnavailable(String)
  case databaseAvailable
  /// For so long nothing was heard of what other instances revoke: until ``feedCaughtUp`` their revocations are not seen here.
  case feedStale(Duration)
  case feedCaughtUp
  /// A change may or may not have been made, and its caller was told that it is not known; the text is one line that says why.
  case outcomeUnknown(String)
  /// The database has lost changes that it had acknowledged: nothing is served from it until somebody has looked. The text is one line that says what to
  /// do.
  case databaseFenced(String)
  /// A row of the database cannot be read and was passed over. The text is one line that says which, why and the fix.
  case databaseDamaged(String)
  /// An instance was opened with lifetimes, grace, reuse or an algorithm that are not those of the instance before it. Its own are written down now.
  case policyDiffers(before: String, now: String)
}

extension EngineEvent {
  /// What the ledger told.
  init(_ notice: LedgerNotice) {
    switch notice {
    case .clockStepped(let step, let shift): self = .clockStepped(byMilliseconds: step, shiftSeconds: shift)
    case .becameUnavailable(let why): self = .databaseUnavailable(why)
    case .becameAvailable: self = .databaseAvailable
    case .feedBecameStale(let age): self = .feedStale(age)
    case .feedCaughtUp: self = .feedCaughtUp
    case .outcomeUnknown(let why): self = .outcomeUnknown(why)
    case .fenced(let why): self = .databaseFenced(why)
    case .damaged(let what): self = .databaseDamaged(what)
    }
  }
}

/// Is told of every event once its outcome is durable, on the task that caused it, before the caller is answered.
///
/// Must return at once: the caller waits for it.
public protocol EngineObserver: Sendable {
  func engine(observed event: EngineEvent)

  /// The log wrote a batch of records and, as far as the durability asks for it, synced it; `duration` is how long that took.
  ///
  /// Called once a commit, on the log's own thread, which must not wait for anything else; in no order with the events. Never
  /// called for a commit that failed, nor by an engine without a log. Does nothing by default.
  func engine(committedWithin duration: Duration)
}

extension EngineObserver {
  public func engine(committedWithin duration: Duration) {}
}

/// Observes nothing.
public struct SilentObserver: EngineObserver {
  public init() {}
  public func engine(observed event: EngineEvent) {}
}

/// Tells several observers, in their order.
public struct EngineObserverGroup: EngineObserver {
  private let observers: [any EngineObserver]

  public init(_ observers: any EngineObserver...) {
    self.observers = observers
  }

  public func engine(observed event: EngineEvent) {
    for observer in observers { observer.engine(observed: event) }
  }

  public func engine(committedWithin duration: Duration) {
    for observer in observers { observer.engine(committedWithin: duration) }
  }
}

extension EngineObserver {
  /// Tells of a refusal, and gives it as the outcome.
  func refuse<Tokens>(_ refusal: GrantRefusal, _ token: TokenID?, _ client: Client) -> GrantResult<Tokens> {
    engine(observed: .refused(refusal, token: token, client: client.id))
    return .refused(refusal)
  }
}
