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

  var subject: Subject { Subject(id: name, isEnabled: isEnabled, scopes: scopes) }

  private enum Member: String, CodingKey, CaseIterable {
    case name, passwordHash, scopes, enabled
  }

  init(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountFailure) {
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
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Member.self)
    try container.encode(name, forKey: .name)
    try container.encode(hash.text, forKey: .passwordHash)
    try container.encode(scopes.text, forKey: .scopes)
    try container.encode(isEnabled, forKey: .enabled)
  }
}
