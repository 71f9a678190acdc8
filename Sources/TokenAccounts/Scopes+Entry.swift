extension Scopes {
  /// Reads the member `scopes` of an entry.
  init(entry text: String) throws(AccountFailure) {
    guard let scopes = Scopes(text) else {
      throw .invalid(
        field: "scopes",
        rule: "must be up to \(Scopes.countMax) tokens of printable ASCII without quotes and backslashes, "
          + "\(Scopes.bytesMax) bytes in all, separated by single spaces")
    }
    self = scopes
  }
}
