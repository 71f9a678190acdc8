internal import TokenEngine
internal import TokenLedger

/// One change of the accounts of a kind: what it makes of the entry that has the name.
///
/// The rules of users and clients stand here, once: a file and a database differ only in how they keep other writers
/// away meanwhile.
struct AccountChange<Entry: AccountEntry>: Sendable {
  /// In NFC.
  let name: String
  private(set) var isRemoval = false
  /// The entry that is to stand in the place of the one there is; nil for none, both ways.
  private let make: @Sendable (Entry?) throws(AccountError) -> Entry?

  /// The entry that is to stand in the place of `found`, nil for none.
  ///
  /// - Parameters:
  ///   - count: of all entries of the kind.
  ///   - path: of the file or the database that holds them.
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

  /// `change` must not change the name.
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
    // What an earlier user of that name had open is not this one's.
    try entry.renew()
    return .adding(entry)
  }

  /// Disabling ends the user's sessions, which a user that is disabled already has none of.
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
    // What an earlier client of that id had open is not this one's.
    return .adding(try ClientEntry(client: client, digest: digest, version: VersionText.make()))
  }
}
