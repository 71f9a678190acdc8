internal import TokenEngine
internal import TokenLedger

/// A user in `users.json`.
///
/// Decoding it checks every member.
struct UserEntry: AccountEntry {
  static let kind = AccountKind.user
  static let listMember = "users"
  static let nameMember = "name"
  static let members = Member.allCases.map(\.rawValue)

  let name: String
  private(set) var hash: PasswordHash
  var scopes: Scopes
  private(set) var isEnabled = true
  /// The version, drawn anew whenever the user's sessions must end; nil in an entry that no release since 0.2 has
  /// changed.
  private(set) var version: String?
  /// A time in milliseconds since the epoch.
  ///
  /// In an entry without a version, sessions that were opened before this time are no longer the user's.
  private var sessionsNotBefore: Int64?
  /// The version of the account, which also changes with the password, even if somebody edits that in the file by hand.
  private var accountVersion = AccountVersion.none

  var subject: Subject {
    Subject(
      id: name, isEnabled: isEnabled, scopes: scopes, version: accountVersion,
      // A session without a version is older than every version.
      sessionsNotBefore: version != nil ? .distantFuture : sessionsNotBefore.map { Timestamp(milliseconds: $0) })
  }

  private enum Member: String, CodingKey, CaseIterable {
    case name, passwordHash, scopes, enabled, version, sessionsNotBefore
  }

  /// Ends the sessions that the user has.
  mutating func renew(hash: PasswordHash? = nil, isEnabled: Bool? = nil) throws(AccountError) {
    if let hash { self.hash = hash }
    if let isEnabled { self.isEnabled = isEnabled }
    version = try VersionText.make()
    sessionsNotBefore = nil
    noteVersion()
  }

  mutating func enable() { isEnabled = true }

  private mutating func noteVersion() { accountVersion = AccountVersion("\(version ?? "") \(hash.text)") }

  /// Returns the name in NFC after checking it.
  static func checked(_ name: String) throws(AccountError) -> String {
    let name = NameForm.typed(name)
    if let rule = AccountText.fault(inUserName: name) { throw .invalid(field: "name", rule: rule) }
    return name
  }

  init(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountError) {
    self.name = try UserEntry.checked(name)
    self.hash = hash
    self.scopes = scopes
    noteVersion()
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Member.self)
    let name = try container.decode(String.self, forKey: .name)
    let hash = try PasswordHash(container.decode(String.self, forKey: .passwordHash))
    let scopes = try Scopes(entry: container.decodeIfPresent(String.self, forKey: .scopes) ?? "")
    try self.init(name: name, hash: hash, scopes: scopes)
    isEnabled = try container.decodeIfPresent(Bool.self, forKey: .enabled) ?? true
    version = try container.decodeIfPresent(String.self, forKey: .version).map(VersionText.checked)
    sessionsNotBefore = try container.decodeIfPresent(Int64.self, forKey: .sessionsNotBefore)
      .map { try Timestamp(entry: $0).milliseconds }
    noteVersion()
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Member.self)
    try container.encode(name, forKey: .name)
    try container.encode(hash.text, forKey: .passwordHash)
    try container.encode(scopes.text, forKey: .scopes)
    try container.encode(isEnabled, forKey: .enabled)
    try container.encodeIfPresent(version, forKey: .version)
    try container.encodeIfPresent(sessionsNotBefore, forKey: .sessionsNotBefore)
  }

  func endsSessions(as new: UserEntry?) -> Bool {
    guard let new else { return true }
    return isEnabled && !new.isEnabled || accountVersion != new.accountVersion
      || (sessionsNotBefore ?? 0) < (new.sessionsNotBefore ?? 0)
  }
}
