internal import TokenEngine
internal import TokenLedger
internal import TokenSigning

/// A duration of a client, with its limits and their texts.
enum ClientDuration: String {
  case grace, accessTTL, refreshTTL, maxAge

  private var limit: Limit<Duration> {
    switch self {
    case .grace: Limits.grace
    case .accessTTL: Limits.accessLifetime
    case .refreshTTL, .maxAge: Limits.lifetime
    }
  }

  var rule: String {
    switch self {
    case .grace: "must be \(limit.span) (5m), written as 500ms, 30s or 5m"
    case .accessTTL, .refreshTTL, .maxAge: "must be \(limit.span), written as 500ms, 30s, 15m, 12h or 30d"
    }
  }

  func parse(_ text: String) throws(AccountError) -> Duration {
    guard let duration = DurationText.parse(text) else { throw fault }
    return try check(duration)
  }

  @discardableResult
  func check(_ duration: Duration) throws(AccountError) -> Duration {
    guard limit.range.contains(duration), DurationText.format(duration) != nil else { throw fault }
    return duration
  }

  private var fault: AccountError { .invalid(field: rawValue, rule: rule) }
}

/// The text of an account's version, as the account files hold it.
enum VersionText {
  /// Returns a version that no account had: 12 random bytes as 16 base64url characters.
  static func make() throws(AccountError) -> String {
    let bytes = try RandomBytes.make(12)
    return Base64URL.text(bytes.span)
  }

  /// Checks the member `version` of an entry and returns it.
  static func checked(_ text: String) throws(AccountError) -> String {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw .invalid(field: "version", rule: "must be 1 to 64 printable ASCII characters, or left out")
    }
    return text
  }
}

extension Scopes {
  /// Reads the member `scopes` of an entry.
  init(entry text: String) throws(AccountError) {
    guard let scopes = Scopes(text) else {
      throw .invalid(
        field: "scopes",
        rule: "must be up to \(Scopes.countMax) tokens of printable ASCII without quotes and backslashes, "
          + "\(Scopes.bytesMax) bytes in all, separated by single spaces")
    }
    self = scopes
  }
}

extension Timestamp {
  /// Reads the member `sessionsNotBefore` of an account.
  init(entry milliseconds: Int64) throws(AccountError) {
    guard milliseconds >= 0 else {
      throw .invalid(field: "sessionsNotBefore", rule: "must be a time after 1970, in milliseconds since then")
    }
    self.init(milliseconds: milliseconds)
  }
}
