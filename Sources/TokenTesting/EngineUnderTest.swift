internal import Synchronization
@_exported public import TokenEngine
@_exported public import TokenTestInputs

extension RotationEngine {
  /// Returns an engine in memory with a clock that the test moves.
  ///
  ///     let clock = ManualClock()
  ///     let engine = try RotationEngine.inMemory(clock: clock)
  ///
  /// Nothing is written, new keys are made each time, and ended sessions are swept only along with other calls.
  public static func inMemory(
    clock: ManualClock, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver()
  ) throws(EngineError) -> RotationEngine {
    try inMemory(options: options, subjects: subjects, observer: observer, clock: clock.sessionClock)
  }
}

/// An observer that keeps all events in order, without a bound, for tests only.
public final class RecordingObserver: EngineObserver {
  private let recorded = Mutex<[EngineEvent]>([])

  public init() {}

  public var events: [EngineEvent] { recorded.withLock { $0 } }

  /// The refusal in the latest event, or nil if that is no refusal.
  public var latestRefusal: GrantRefusal? {
    if case .refused(let refusal, _, _) = events.last { refusal } else { nil }
  }

  public func engine(observed event: EngineEvent) {
    recorded.withLock { $0.append(event) }
  }
}
