internal import TokenEngine
internal import TokenLedger

/// A client in `clients.json`.
///
/// Decoding it checks every member.
struct ClientEntry: AccountEntry {
  static let kind = AccountKind.client
  static let listMember = "clients"
  static let nameMember = "id"
  static let members = Member.allCases.map(\.rawValue)

  let client: Client
  /// The version, drawn when the client was added; nil if a release before 0.2 added it.
  let version: String?
  /// The digest of the secret, which is nil exactly for a public client.
  let digest: SecretDigest?

  var name: String { client.id }

  private enum Member: String, CodingKey, CaseIterable {
    case id, `public`, secretDigest, scopes, grants, grace, accessTTL, refreshTTL, maxAge, rotation, introspect, admin,
      dpop, version, sessionsNotBefore
  }

  init(client: Client, digest: SecretDigest?, version: String? = nil) throws(AccountError) {
    var client = client
    client.id = NameForm.typed(client.id)
    if let rule = AccountText.fault(inClientID: client.id) { throw .invalid(field: "id", rule: rule) }
    guard client.isPublic == (digest == nil) else {
      throw .invalid(
        field: "secretDigest",
        rule: client.isPublic ? "must be absent for a public client" : "must be there unless the client is public")
    }
    if client.isPublic {
      // RFC 6749 §4.4: without a secret, anybody can claim to be the client.
      guard !client.grants.contains(.clientCredentials) else {
        throw .invalid(field: "grants", rule: "must not hold client_credentials for a public client")
      }
      guard !client.mayIntrospect else {
        throw .invalid(field: "introspect", rule: "must be false for a public client")
      }
      // RFC 9700 §4.14.2: a refresh token that never changes and is not sender-constrained works for whoever copies it.
      guard client.rotation == .always else {
        throw .invalid(field: "rotation", rule: "must be always for a public client")
      }
      guard !client.isAdmin else {
        throw .invalid(field: "admin", rule: "must be false for a public client")
      }
    }
    for (kind, duration) in [
      (ClientDuration.grace, client.grace), (.accessTTL, client.lifetimes.access),
      (.refreshTTL, client.lifetimes.idle), (.maxAge, client.lifetimes.absolute),
    ] {
      if let duration { try kind.check(duration) }
    }
    client.version = version.map { AccountVersion($0) } ?? .none
    // A session without a version is older than every version.
    if version != nil { client.sessionsNotBefore = .distantFuture }
    self.client = client
    self.digest = digest
    self.version = version
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Member.self)
    func flag(_ member: Member) throws -> Bool { try container.decodeIfPresent(Bool.self, forKey: member) ?? false }
    let scopes = try container.decodeIfPresent(String.self, forKey: .scopes).map(Scopes.init(entry:))
    var client = try Client(
      id: container.decode(String.self, forKey: .id), isPublic: flag(.public), scopes: scopes,
      mayIntrospect: flag(.introspect), isAdmin: flag(.admin))
    if let text = try container.decodeIfPresent(String.self, forKey: .grants) {
      client.grants = try ClientEntry.grants(text)
    }
    client.grace = try container.decodeIfPresent(String.self, forKey: .grace).map(ClientDuration.grace.parse)
    client.lifetimes = try ClientLifetimes(
      access: container.decodeIfPresent(String.self, forKey: .accessTTL).map(ClientDuration.accessTTL.parse),
      idle: container.decodeIfPresent(String.self, forKey: .refreshTTL).map(ClientDuration.refreshTTL.parse),
      absolute: container.decodeIfPresent(String.self, forKey: .maxAge).map(ClientDuration.maxAge.parse))
    if let text = try container.decodeIfPresent(String.self, forKey: .rotation) {
      client.rotation = try ClientEntry.rotation(text)
    }
    if let text = try container.decodeIfPresent(String.self, forKey: .dpop) {
      client.requiresProof = try ClientEntry.requiresProof(text)
    }
    client.sessionsNotBefore = try container.decodeIfPresent(Int64.self, forKey: .sessionsNotBefore)
      .map { try Timestamp(entry: $0) }
    let digest = try container.decodeIfPresent(String.self, forKey: .secretDigest).map(ClientEntry.digest)
    let version = try container.decodeIfPresent(String.self, forKey: .version).map(VersionText.checked)
    try self.init(client: client, digest: digest, version: version)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Member.self)
    try container.encode(client.id, forKey: .id)
    try container.encode(client.isPublic, forKey: .public)
    try container.encodeIfPresent(digest?.text, forKey: .secretDigest)
    try container.encodeIfPresent(client.scopes?.text, forKey: .scopes)
    try container.encode(ClientEntry.text(of: client.grants), forKey: .grants)
    try container.encodeIfPresent(client.grace.flatMap(DurationText.format), forKey: .grace)
    try container.encodeIfPresent(client.lifetimes.access.flatMap(DurationText.format), forKey: .accessTTL)
    try container.encodeIfPresent(client.lifetimes.idle.flatMap(DurationText.format), forKey: .refreshTTL)
    try container.encodeIfPresent(client.lifetimes.absolute.flatMap(DurationText.format), forKey: .maxAge)
    if client.rotation != .always { try container.encode("\(client.rotation)", forKey: .rotation) }
    try container.encode(client.mayIntrospect, forKey: .introspect)
    try container.encode(client.isAdmin, forKey: .admin)
    // Left out unless it is set, so that a program that does not know it reads every other client.
    if client.requiresProof { try container.encode(ClientEntry.proofIsRequired, forKey: .dpop) }
    try container.encodeIfPresent(version, forKey: .version)
    guard version == nil else { return }
    try container.encodeIfPresent(client.sessionsNotBefore?.milliseconds, forKey: .sessionsNotBefore)
  }

  func endsSessions(as new: ClientEntry?) -> Bool {
    guard let new else { return true }
    return client.version != new.client.version
      || client.sessionsNotBefore ?? .zero < new.client.sessionsNotBefore ?? .zero
  }

  /// Parses grant types that are separated by single spaces.
  static func grants(_ text: String) throws(AccountError) -> Set<GrantType> {
    var grants: Set<GrantType> = []
    for name in text.split(separator: " ", omittingEmptySubsequences: false) where !text.isEmpty {
      guard let grant = GrantType(rawValue: String(name)) else {
        let known = GrantType.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid(field: "grants", rule: "must be some of \(known), separated by single spaces")
      }
      grants.insert(grant)
    }
    return grants
  }

  static func rotation(_ text: String) throws(AccountError) -> RotationPolicy {
    guard let policy = RotationPolicy.allCases.first(where: { "\($0)" == text }) else {
      throw .invalid(field: "rotation", rule: "must be always or never")
    }
    return policy
  }

  private static let proofIsRequired = "required"

  /// Parses the member `dpop`, of which there is one value.
  static func requiresProof(_ text: String) throws(AccountError) -> Bool {
    guard text == proofIsRequired else {
      throw .invalid(field: "dpop", rule: "must be \(proofIsRequired), or left out")
    }
    return true
  }

  private static func text(of grants: Set<GrantType>) -> String {
    GrantType.allCases.filter(grants.contains).map(\.rawValue).joined(separator: " ")
  }

  private static func digest(_ text: String) throws(AccountError) -> SecretDigest {
    guard let digest = SecretDigest(text: text) else {
      throw .invalid(field: "secretDigest", rule: "must be sha256: and 64 base64url characters")
    }
    return digest
  }
}
