import TokenEngine
import TokenLedger

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

  enum CodingKeys: String, CodingKey {
    case sid, subject, client, scope, label, rotation, generation
    case openedAt = "opened_at"
    case lastUsedAt = "last_used_at"
    case idleEnd = "idle_end"
    case absoluteEnd = "absolute_end"
  }

  init(_ session: Session) {
    sid = session.id.text
    subject = session.subject
    client = session.client
    scope = session.scope
    label = session.label
    rotation = "\(session.rotation)"
    generation = session.generation
    openedAt = LogRecordLine.time(session.openedAt)
    lastUsedAt = LogRecordLine.time(session.usedAt)
    idleEnd = LogRecordLine.time(session.idleEnd)
    absoluteEnd = LogRecordLine.time(session.absoluteEnd)
  }
}
