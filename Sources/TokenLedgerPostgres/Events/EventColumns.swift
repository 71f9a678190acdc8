#if Postgres
internal import RotationModel

/// What a row of `event` tells of, as its column `kind` numbers it. A number is never given a second meaning.
enum EventKind: Int16, CaseIterable {
  case opened = 1
  case rotated = 2
  case refreshed = 3
  case retried = 4
  case successorSeen = 5
  case reused = 6
  case revoked = 7
  case revokedAll = 8
  case accessRevoked = 9
  case expired = 10
  case oneTimeIssued = 11
  case oneTimeConsumed = 12
}

/// The facts of events by column, for one statement that writes them all.
///
/// `until_ms` is the wall clock's time, as ``AuditEvent/Fact/accessRevoked(_:until:)`` has it.
struct EventColumns {
  private var kind = ArrayParameter(of: .int16)
  private var session = ArrayParameter(of: .bytes)
  private var generation = ArrayParameter(of: .int64)
  private var subject = ArrayParameter(of: .text)
  private var client = ArrayParameter(of: .text)
  private var reuse = ArrayParameter(of: .int16)
  private var behind = ArrayParameter(of: .int64)
  private var ended = ArrayParameter(of: .bool)
  private var cause = ArrayParameter(of: .int16)
  private var until = ArrayParameter(of: .int64)
  private var sessions = ArrayParameter(of: .int64)
  private var oneTimeTokens = ArrayParameter(of: .int64)
  private var scope = ArrayParameter(of: .text)
  private var label = ArrayParameter(of: .text)
  private var purpose = ArrayParameter(of: .text)

  /// The columns, in the order of ``parameters``.
  static let names = """
    kind, session, generation, subject, client, class, behind, ended, cause, until_ms, sessions, one_time_tokens, scope, \
    label, purpose
    """
  /// Their types as `unnest` takes them from the parameters `$1` to `$15`.
  static let unnested = """
    unnest($1::int2[], $2::bytea[], $3::int8[], $4::text[], $5::text[], $6::int2[], $7::int8[], $8::bool[], $9::int2[], \
    $10::int8[], $11::int8[], $12::int8[], $13::text[], $14::text[], $15::text[])
    """

  var count: Int { kind.count }

  var parameters: [Parameter] {
    [
      kind, session, generation, subject, client, reuse, behind, ended, cause, until, sessions, oneTimeTokens, scope,
      label, purpose,
    ].map { .array($0) }
  }

  /// - Precondition: it is no ``AuditEvent/Fact/missed(from:)``, which is told and never kept.
  mutating func append(_ fact: AuditEvent.Fact) {
    let row = EventRow(fact)
    kind.append(row.kind)
    session.append(row.session?.bytes)
    generation.append(row.generation)
    subject.append(row.subject)
    client.append(row.client)
    reuse.append(row.reuse)
    behind.append(row.behind)
    ended.append(row.ended)
    cause.append(row.cause)
    until.append(row.until)
    sessions.append(row.sessions)
    oneTimeTokens.append(row.oneTimeTokens)
    scope.append(row.scope)
    label.append(row.label)
    purpose.append(row.purpose)
  }
}

/// The facts of one event as its row has them.
struct EventRow {
  var kind: Int16
  var session: SessionID?
  var generation: Int64?
  var subject: String?
  var client: String?
  var reuse: Int16?
  var behind: Int64?
  var ended: Bool?
  var cause: Int16?
  var until: Int64?
  var sessions: Int64?
  var oneTimeTokens: Int64?
  var scope: String?
  var label: String?
  var purpose: String?

  private init(_ kind: EventKind, _ session: SessionID? = nil, subject: String? = nil, client: String? = nil) {
    self.kind = kind.rawValue
    (self.session, self.subject, self.client) = (session, subject, client)
  }

  private init(_ kind: EventKind, _ token: TokenID, subject: String? = nil, client: String? = nil) {
    self.init(kind, token.session, subject: subject, client: client)
    generation = Int64(token.generation)
  }

  init(_ fact: AuditEvent.Fact) {
    switch fact {
    case .opened(let token, let subject, let client, let scope, let label):
      self.init(.opened, token, subject: subject, client: client)
      (self.scope, self.label) = (scope, label)
    case .rotated(let token, let subject, let client): self.init(.rotated, token, subject: subject, client: client)
    case .refreshed(let token, let subject, let client): self.init(.refreshed, token, subject: subject, client: client)
    case .successorSeen(let token, let subject, let client):
      self.init(.successorSeen, token, subject: subject, client: client)
    case .retried(let token, let subject, let client, let reuse):
      self.init(.retried, token, subject: subject, client: client)
      self.reuse = Int16(reuse.rawValue)
    case .reused(let token, let subject, let client, let reuse, let behind, let revoked):
      self.init(.reused, token, subject: subject, client: client)
      (self.reuse, self.behind, ended) = (Int16(reuse.rawValue), Int64(behind), revoked)
    case .revoked(let session, let subject, let client, let cause):
      self.init(.revoked, session, subject: subject, client: client)
      self.cause = Int16(cause.rawValue)
    case .revokedAll(let scope): self.init(scope)
    case .accessRevoked(let token, let until):
      self.init(.accessRevoked, token)
      self.until = until.milliseconds
    case .expired(let sessions, let oneTimeTokens):
      self.init(.expired)
      (self.sessions, self.oneTimeTokens) = (Int64(sessions), Int64(oneTimeTokens))
    case .oneTimeIssued(let id, let subject, let purpose):
      self.init(.oneTimeIssued, id, subject: subject)
      self.purpose = purpose
    case .oneTimeConsumed(let id, let subject, let purpose):
      self.init(.oneTimeConsumed, id, subject: subject)
      self.purpose = purpose
    case .missed: preconditionFailure("what was missed is no event that happened")
    }
  }

  private init(_ scope: SessionScope) {
    switch scope {
    case .subject(let subject): self.init(.revokedAll, subject: subject)
    case .client(let client): self.init(.revokedAll, client: client)
    case .subjectAtClient(let subject, let client): self.init(.revokedAll, subject: subject, client: client)
    case .all: self.init(.revokedAll)
    }
  }
}
#endif
