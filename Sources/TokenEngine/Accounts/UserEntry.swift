import TokenLedger

/// One user in `users.json`. Reading it checks every member.
struct UserEntry: AccountEntry {
  static let kind = AccountKind.user
  static let listMember = "users"
  static let nameMember = "name"
  static let members = Member.allCases.map(\.rawValue)

  let name: String
  var hash: PasswordHash
  var scopes: Scopes
  var isEnabled = true
  /// Sessions that were opened before are not the user's any more: milliseconds since the epoch.
  var sessionsNotBefore: Int64?

  var subject: Subject {
    Subject(
      id: name, isEnabled: isEnabled, scopes: scopes,
      sessionsNotBefore: sessionsNotBefore.map { Timestamp(milliseconds: $0) })
  }

  private enum Member: String, CodingKey, CaseIterable {
    case name, passwordHash, scopes, enabled, sessionsNotBefore
  }

  init(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountFailure) {
    let name = NameForm.typed(name)
    if let rule = AccountText.fault(inUserName: name) { throw .invalid(field: "name", rule: rule) }
    self.name = name
    self.hash = hash
    self.scopes = scopes
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Member.self)
    let name = try container.decode(String.self, forKey: .name)
    let hash = try PasswordHash(container.decode(String.self, forKey: .passwordHash))
    let scopes = try Scopes(entry: container.decodeIfPresent(String.self, forKey: .scopes) ?? "")
    try self.init(name: name, hash: hash, scopes: scopes)
    isEnabled = try container.decodeIfPresent(Bool.self, forKey: .enabled) ?? true
    sessionsNotBefore = try container.decodeIfPresent(Int64.self, forKey: .sessionsNotBefore)
      .map { try Timestamp(entry: $0).milliseconds }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Member.self)
    try container.encode(name, forKey: .name)
    try container.encode(hash.text, forKey: .passwordHash)
    try container.encode(scopes.text, forKey: .scopes)
    try container.encode(isEnabled, forKey: .enabled)
    try container.encodeIfPresent(sessionsNotBefore, forKey: .sessionsNotBefore)
  }

  func endsSessions(as new: UserEntry?) -> Bool {
    guard let new else { return true }
    return isEnabled && !new.isEnabled || hash.text != new.hash.text
      || (sessionsNotBefore ?? 0) < (new.sessionsNotBefore ?? 0)
  }
}
