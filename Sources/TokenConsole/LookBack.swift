internal import Synchronization
internal import TokenEngine
internal import TokenLedger

/// What a look back into the log found, or why there is nothing to show.
enum LookBack<Found> {
  case found(Found)
  case unknown(HTML)
}

/// Lets one look back run at a time: each reads the log on a thread of its own, and several at once would be felt by those who log in.
final class LookBackTurn: Sendable {
  private let isTaken = Atomic(false)

  /// - Parameter read: nil where the engine has no log.
  func look<Found>(_ read: () async throws(EngineError) -> Found?) async -> LookBack<Found> {
    guard !isTaken.exchange(true, ordering: .acquiring) else {
      return .unknown(
        "<p class=\"notice plain\">The log is being read for somebody else. Load the page again in a moment.</p>")
    }
    defer { isTaken.store(false, ordering: .releasing) }
    do throws(EngineError) {
      guard let found = try await read() else {
        return .unknown("<p class=\"notice plain\">This server keeps no log, so that nothing is known of what was.</p>")
      }
      return .found(found)
    } catch {
      return .unknown("<p class=\"notice bad\">The log could not be read: \(error.description)</p>")
    }
  }
}

/// How much of the log was read.
enum LookBackText {
  static func extent(_ extent: HistoryExtent) -> HTML {
    let count = FigureText.count(extent.recordCount)
    guard extent.isWhole else {
      return """
        <p class="notice bad">The log is long: reading was stopped after \(count) records, and what is newer is missing here.
        <code>refresh-ledger log history</code> reads all of it.</p>
        """
    }
    return "<p class=\"quiet\">All of the log was read: \(count) records.</p>"
  }
}
