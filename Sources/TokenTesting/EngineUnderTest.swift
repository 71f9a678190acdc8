internal import Synchronization
@_exported public import TokenEngine
@_exported public import TokenTestInputs

extension RotationEngine {
  /// An engine in memory whose time is that of a clock which the test moves.
  ///
  ///     let clock = ManualClock()
  ///     let engine = try RotationEngine.inMemory(clock: clock)
  ///
  /// Nothing is written, keys are made anew each time, and nothing is swept but along with other calls.
  public static func inMemory(
    clock: ManualClock, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver()
  ) throws(EngineError) -> RotationEngine {
    try inMemory(options: options, subjects: subjects, observer: observer, clock: clock.sessionClock)
  }
}

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
