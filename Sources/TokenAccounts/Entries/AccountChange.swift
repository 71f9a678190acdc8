internal import TokenEngine
internal import TokenLedger

/// A change of one entry among the accounts of a kind.
///
/// The rules of users and clients are defined here, once: a file and a database differ only in how they keep other
/// writers away meanwhile.
struct AccountChange<Entry: AccountEntry>: Sendable {
  /// The name in NFC.
  let name: String
  private(set) var isRemoval = false
  /// A function from the present entry to the new one, where nil stands for no entry.
  private let make: @Sendable (Entry?) throws(AccountError) -> Entry?

  /// Returns the entry that replaces `found`; nil stands for no entry.
  ///
  /// `count` is the number of all entries of the kind, and `path` the file or the database that holds them.
  func result(of found: Entry?, count: Int, path: String) throws(AccountError) -> Entry? {
    let new = try make(found)
    if found == nil, new != nil, count >= AccountText.entriesMax { throw .full(Entry.kind, path: path) }
    return new
  }

  static func adding(_ entry: Entry) -> AccountChange {
    AccountChange(name: entry.name) { found throws(AccountError) in
      guard found == nil else { throw .exists(Entry.kind, name: entry.name) }
      return entry
    }
  }

  /// Returns a change by a closure, which must not change the name.
  static func editing(
    _ name: String, _ change: @escaping @Sendable (inout Entry) throws(AccountError) -> Void
  ) -> AccountChange {
    let name = NameForm.typed(name)
    return AccountChange(name: name) { found throws(AccountError) in
      guard var entry = found else { throw .unknown(Entry.kind, name: name) }
      try change(&entry)
      return entry
    }
  }

  static func removing(_ name: String) -> AccountChange {
    let name = NameForm.typed(name)
    return AccountChange(name: name, isRemoval: true) { found throws(AccountError) in
      guard found != nil else { throw .unknown(Entry.kind, name: name) }
      return nil
    }
  }
}

extension AccountChange<UserEntry> {
  static func adding(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountError) -> AccountChange {
    var entry = try UserEntry(name: name, hash: hash, scopes: scopes)
    // The sessions of an earlier user of that name are not this user's.
    try entry.renew()
    return .adding(entry)
  }

  /// Returns a change that enables or disables a user.
  ///
  /// Disabling ends the user's sessions, of which a disabled user has none already.
  static func setting(enabled isEnabled: Bool, of name: String) -> AccountChange {
    .editing(name) { entry throws(AccountError) in
      if isEnabled { entry.enable() } else if entry.isEnabled { try entry.renew(isEnabled: false) }
    }
  }

  static func setting(_ hash: PasswordHash, of name: String) -> AccountChange {
    .editing(name) { entry throws(AccountError) in try entry.renew(hash: hash) }
  }
}

extension AccountChange<ClientEntry> {
  static func adding(_ client: Client, secret: String?) throws(AccountError) -> AccountChange {
    guard client.isPublic == (secret == nil) else {
      throw .invalid(
        field: "secret",
        rule: client.isPublic ? "must not be given for a public client" : "must be given: 16 bytes or more")
    }
    var digest: SecretDigest?
    if let secret {
      if let rule = AccountText.fault(inClientSecret: secret) { throw .invalid(field: "secret", rule: rule) }
      digest = try SecretDigest(secret: Array(secret.utf8))
    }
    // The sessions of an earlier client of that id are not this client's.
    return .adding(try ClientEntry(client: client, digest: digest, version: VersionText.make()))
  }
}
