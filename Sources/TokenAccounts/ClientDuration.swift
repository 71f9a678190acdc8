import TokenLedger

/// A duration of a client, with its limits and how they are told.
enum ClientDuration: String {
  case grace, accessTTL, refreshTTL, maxAge

  private var range: ClosedRange<Duration> {
    switch self {
    case .grace: .zero...(.milliseconds(RotationRequest.graceMillisecondsMax))
    case .accessTTL: .milliseconds(1)...(.milliseconds(Lifetimes.accessMillisecondsMax))
    case .refreshTTL, .maxAge: .milliseconds(1)...(.milliseconds(Lifetimes.millisecondsMax))
    }
  }

  var rule: String {
    switch self {
    case .grace: "must be 0s to 300s (5m), written as 500ms, 30s or 5m"
    case .accessTTL: "must be 1ms to 30d, written as 500ms, 30s, 15m, 12h or 30d"
    case .refreshTTL, .maxAge: "must be 1ms to 36600d, written as 500ms, 30s, 15m, 12h or 30d"
    }
  }

  func parse(_ text: String) throws(AccountFailure) -> Duration {
    guard let duration = DurationText.parse(text) else { throw fault }
    return try check(duration)
  }

  @discardableResult
  func check(_ duration: Duration) throws(AccountFailure) -> Duration {
    guard range.contains(duration), DurationText.format(duration) != nil else { throw fault }
    return duration
  }

  private var fault: AccountFailure { .invalid(field: rawValue, rule: rule) }
}
