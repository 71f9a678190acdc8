internal import Synchronization
package import TokenEngine

/// Keeps what the engine tells.
package final class RecordingObserver: EngineObserver {
  private let recorded = Mutex<[EngineEvent]>([])

  package init() {}

  package var events: [EngineEvent] { recorded.withLock { $0 } }

  /// The reason of the latest event, where that is a refusal.
  package var latestRefusal: GrantRefusal? {
    if case .refused(let refusal, _, _) = events.last { refusal } else { nil }
  }

  package func engine(observed event: EngineEvent) {
    recorded.withLock { $0.append(event) }
  }
}
