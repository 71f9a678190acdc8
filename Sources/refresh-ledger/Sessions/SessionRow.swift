import FoundationEssentials
import TokenEngine
import TokenLedger
import TokenObservability

/// A session as `--json` prints it.
struct SessionRow: Encodable {
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
  var absoluteEnd: String
  /// The key that the session is bound to, or nil if its refresh token is a bearer token.
  var confirmation: SessionConfirmation?
  /// The attributes in base64, or nil if there are none.
  var attributes: String?

  enum CodingKeys: String, CodingKey {
    case sid, subject, client, scope, label, rotation, generation, attributes
    case confirmation = "cnf"
    case openedAt = "opened_at"
    case lastUsedAt = "last_used_at"
    case idleEnd = "idle_end"
    case absoluteEnd = "absolute_end"
  }

  static func emptyTable() -> TextTable {
    TextTable("SESSION", "SUBJECT", "CLIENT", "LABEL", "LAST USED", "ENDS", "SCOPE")
  }

  func append(to table: inout TextTable) {
    // Times in one form sort as their texts do.
    table.append(
      sid, LogText.line(subject), LogText.line(client), label ?? "-", lastUsedAt, min(idleEnd, absoluteEnd), scope)
  }

  /// Appends all members, one below the other, for people.
  func appendAll(to table: inout TextTable) {
    table.append("subject", LogText.line(subject))
    table.append("client", LogText.line(client))
    table.append("scope", scope)
    if let label { table.append("label", label) }
    table.append("rotation", rotation)
    table.append("bound to", confirmation.map { "key \($0.thumbprint)" } ?? "no key")
    if let attributes { table.append("attributes", attributes) }
    table.append("opened", openedAt)
    table.append("last used", lastUsedAt)
    table.append("ends if unused", idleEnd)
    table.append("ends at latest", absoluteEnd)
  }
}

extension SessionRow {
  init(_ session: Session) {
    let shown = session.onWallClock
    self.init(
      sid: session.id.text, subject: session.subject, client: session.client, scope: session.scope,
      label: session.label, rotation: "\(session.rotation)", generation: session.generation,
      openedAt: LogRecordLine.time(shown.openedAt), lastUsedAt: LogRecordLine.time(shown.refreshedAt),
      idleEnd: LogRecordLine.time(shown.idleEnd), absoluteEnd: LogRecordLine.time(shown.absoluteEnd),
      confirmation: session.keys.lifelong.map { SessionConfirmation(thumbprint: $0.description) },
      attributes: session.attributes.isEmpty ? nil : Data(session.attributes).base64EncodedString())
  }
}

/// The key that a session is bound to, as tokens name it (RFC 9449 §6.1): `{"jkt":"..."}`.
struct SessionConfirmation: Codable {
  /// The thumbprint (RFC 7638), 43 base64url characters.
  var thumbprint: String

  enum CodingKeys: String, CodingKey {
    case thumbprint = "jkt"
  }
}
