import TokenLedger

extension Timestamp {
  /// Reads the member `sessionsNotBefore` of an account.
  init(entry milliseconds: Int64) throws(AccountFailure) {
    guard milliseconds >= 0 else {
      throw .invalid(field: "sessionsNotBefore", rule: "must be a time after 1970, in milliseconds since then")
    }
    self.init(milliseconds: milliseconds)
  }
}
