internal import TokenSigning

/// The text of an account's version, as the account files hold it.
enum VersionText {
  /// One that no account had: 12 random bytes as 16 base64url characters.
  static func make() throws(AccountFailure) -> String {
    let bytes = try RandomBytes.make(12)
    return Base64URL.text(bytes.span)
  }

  /// The member `version` of an entry, once it is seen to be one.
  static func checked(_ text: String) throws(AccountFailure) -> String {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw .invalid(field: "version", rule: "must be 1 to 64 printable ASCII characters, or left out")
    }
    return text
  }
}
