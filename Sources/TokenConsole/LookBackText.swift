internal import TokenLedger

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
