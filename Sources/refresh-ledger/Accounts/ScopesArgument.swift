import TokenEngine

/// The option `--scopes` of users and clients.
enum ScopesArgument {
  static func parse(_ text: String) throws(CommandError) -> Scopes {
    guard let scopes = Scopes(text) else {
      throw CommandError(
        .usage,
        "--scopes: not a list of scopes; separate printable words without quotes and backslashes by single spaces, "
          + "at most \(Scopes.countMax)")
    }
    return scopes
  }
}
