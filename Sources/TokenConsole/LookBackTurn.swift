internal import Synchronization
internal import TokenEngine

/// Lets one look back run at a time: each reads the log on a thread of its own, and several at once would be felt by those who log in.
final class LookBackTurn: Sendable {
  private let isTaken = Atomic(false)

  /// - Parameter read: nil where the engine has no log.
  func look<Found>(_ read: () async throws(EngineFailure) -> Found?) async -> LookBack<Found> {
    guard !isTaken.exchange(true, ordering: .acquiring) else {
      return .unknown(
        "<p class=\"notice plain\">The log is being read for somebody else. Load the page again in a moment.</p>")
    }
    defer { isTaken.store(false, ordering: .releasing) }
    do throws(EngineFailure) {
      guard let found = try await read() else {
        return .unknown("<p class=\"notice plain\">This server keeps no log, so that nothing is known of what was.</p>")
      }
      return .found(found)
    } catch {
      return .unknown("<p class=\"notice bad\">The log could not be read: \(error.description)</p>")
    }
  }
}
