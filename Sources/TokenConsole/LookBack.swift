internal import Synchronization
internal import TokenEngine
internal import TokenLedger

/// The result of reading the history, or the reason that there is nothing to show.
enum LookBack<Found> {
  case found(Found)
  case unknown(HTML)
}

/// A turn that lets one reading of the history run at a time.
///
/// A reading uses the log or the database beside everything else, and several at once would delay log-ins.
final class LookBackTurn: Sendable {
  private let isTaken = Atomic(false)

  /// Reads the history with `read`, which returns nil if the ledger keeps none, unless somebody else is reading.
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
