internal import Synchronization
public import TokenEngine

/// Keeps what the engine tells, in the order in which it was told, and without a bound: for tests only.
public final class RecordingObserver: EngineObserver {
  private let recorded = Mutex<[EngineEvent]>([])

  public init() {}

  public var events: [EngineEvent] { recorded.withLock { $0 } }

  /// The reason of the latest event, where that is a refusal.
  public var latestRefusal: GrantRefusal? {
    if case .refused(let refusal, _, _) = events.last { refusal } else { nil }
  }

  public func engine(observed event: EngineEvent) {
    recorded.withLock { $0.append(event) }
  }
}
