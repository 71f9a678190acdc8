internal import Synchronization
internal import TokenEngine
internal import TokenLedger

/// What a look back found, or why there is nothing to show.
enum LookBack<Found> {
  case found(Found)
  case unknown(HTML)
}

/// Lets one look back run at a time: each reads the log or the database beside all else, and several at once would be felt by those who log in.
final class LookBackTurn: Sendable {
  private let isTaken = Atomic(false)

  /// - Parameter read: nil where the ledger tells nothing of the past.
  func look<Found>(_ store: StoreText, _ read: () async throws(EngineError) -> Found?) async -> LookBack<Found> {
    guard !isTaken.exchange(true, ordering: .acquiring) else {
      return .unknown(
        "<p class=\"notice plain\">The \(store.history) is being read for somebody else. Load the page again in a moment.</p>"
      )
    }
    defer { isTaken.store(false, ordering: .releasing) }
    do throws(EngineError) {
      guard let found = try await read() else {
        return .unknown(
          "<p class=\"notice plain\">This server keeps no \(store.history), so that nothing is known of what was.</p>")
      }
      return .found(found)
    } catch {
      return .unknown("<p class=\"notice bad\">The \(store.history) could not be read: \(error.description)</p>")
    }
  }
}
