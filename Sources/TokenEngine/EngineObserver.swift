public import RotationModel

/// An event of the engine, for logs, metrics and audit.
///
/// It holds no token text and no secret.
@nonexhaustive
public enum EngineEvent: Sendable, Hashable {
  case opened(TokenID, subject: String, client: String)
  /// A session was rotated; the token is the new live one.
  case rotated(TokenID, subject: String, client: String)
  /// A session whose refresh token is never rotated was refreshed; the token is the id of the new access token.
  case refreshed(TokenID, subject: String, client: String)
  /// The predecessor was presented in the grace window and answered with the same pair.
  case retried(TokenID, subject: String, client: String, ReuseClass)
  /// A client was granted an access token of its own.
  case clientGranted(TokenID, client: String)
  /// A grant was refused; `token` is the presented one if its signature was good.
  case refused(GrantRefusal, token: TokenID?, client: String)
  case revoked(SessionID)
  case revokedAll(SessionScope)
  case accessRevoked(TokenID)
  case oneTimeIssued(SessionID, subject: String, purpose: String)
  case oneTimeConsumed(SessionID, subject: String, purpose: String)
  case oneTimeRefused(OneTimeTokenRefusal, SessionID?, purpose: String)
  /// A checkpoint was written. It covers all records up to `sequence`; `entries` is the number of sessions and one-time
  /// tokens in it.
  case checkpointed(sequence: UInt64, entries: Int, bytes: UInt64, segmentsRemoved: Int)
  /// A checkpoint failed. The log is unchanged and continues; the text gives the cause and the place.
  case checkpointFailed(String)
  /// Somebody set the wall clock by more than two seconds (back, if `byMilliseconds` is negative), or it was behind the
  /// log when the engine was opened.
  ///
  /// Tokens keep their full lifetimes. While `shiftSeconds` is above 0, their times differ from the ledger's by that
  /// much.
  case clockStepped(byMilliseconds: Int64, shiftSeconds: Int64)
  /// Changed key files were read, and their keys are in force.
  case keysReloaded
  /// Changed key files were refused, and the former keys stay in force. The text names the file, the cause and the fix.
  case keysRefused(String)
  /// The database that holds the sessions cannot be reached. The text is one line that gives the reason. Changes are
  /// refused until ``databaseAvailable``.
  case databaseUnavailable(String)
  case databaseAvailable
  /// For this long nothing was heard of the revocations of other instances. Until ``feedCaughtUp`` they are unknown
  /// here.
  case feedStale(Duration)
  case feedCaughtUp
  /// A change may or may not have been made, and its caller was told so. The text is one line that gives the reason.
  case outcomeUnknown(String)
  /// The database has lost changes that it had acknowledged. Nothing is served from it until somebody has looked. The
  /// text is one line that says what to do.
  case databaseFenced(String)
  /// A row of the database cannot be read and was skipped. The text is one line with the row, the cause and the fix.
  case databaseDamaged(String)
  /// An instance was opened whose lifetimes, grace window, reuse policy or algorithm differ from those of the instance
  /// before it. Its own are now stored.
  case policyDiffers(before: String, now: String)
}

extension EngineEvent {
  /// Creates the event for a notice of the ledger.
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

/// An observer of the engine's events.
///
/// Each event is delivered once its outcome is durable, on the task that caused it, before the caller is answered.
///
/// The observer must return at once, since the caller waits for it.
public protocol EngineObserver: Sendable {
  func engine(observed event: EngineEvent)

  /// Called when the log has written a batch of records and, as far as the durability asks for it, synced it, which
  /// took `duration`.
  ///
  /// It is called once for each commit, on the log's own thread, which must not wait for anything else; the order
  /// relative to the events is not defined. It is never called for a commit that failed, nor by an engine without a
  /// log. The default implementation does nothing.
  func engine(committedWithin duration: Duration)
}

extension EngineObserver {
  public func engine(committedWithin duration: Duration) {}
}

/// An observer that does nothing.
public struct SilentObserver: EngineObserver {
  public init() {}
  public func engine(observed event: EngineEvent) {}
}

/// An observer that passes each event to several others, in order.
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
  /// Reports a refusal to the observer and returns it as the outcome.
  func refuse<Tokens>(_ refusal: GrantRefusal, _ token: TokenID?, _ client: Client) -> GrantResult<Tokens> {
    engine(observed: .refused(refusal, token: token, client: client.id))
    return .refused(refusal)
  }

  /// Reports a refusal because of a proof, or throws the error for which the proof could not be judged.
  func refuse<Tokens>(_ failure: ProofFailure, _ client: Client) throws(EngineError) -> GrantResult<Tokens> {
    switch failure {
    case .refused(let bad): return refuse(.badProof(bad), nil, client)
    case .failed(let error): throw error
    }
  }
}
