/// A session as `export` writes it and `import` reads it.
struct ExportedSession: Encodable {
  var sid: String
  var subject: String
  var client: String
  var scope: String
  var label: String?
  var rotation: String
  var generation: UInt32
  var openedAt: String
  var lastUsedAt: String
  var idleEnd: String
  var expiresAt: String

  enum CodingKeys: String, CodingKey, CaseIterable {
    case sid, subject, scope, label, rotation, generation
    case client = "client_id"
    case openedAt = "opened_at"
    case lastUsedAt = "last_used_at"
    case idleEnd = "idle_end"
    case expiresAt = "expires_at"
  }

  init(_ row: SessionRow) {
    sid = row.sid
    subject = row.subject
    client = row.client
    scope = row.scope
    label = row.label
    rotation = row.rotation
    generation = row.generation
    openedAt = row.openedAt
    lastUsedAt = row.lastUsedAt
    idleEnd = row.idleEnd
    expiresAt = row.absoluteEnd
  }
}
