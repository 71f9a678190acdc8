#if Postgres
internal import RotationModel
internal import TokenLedger

/// The rows that one transaction of an adoption makes of the entries of a folder.
struct AdoptedRows {
  private let contents: LedgerContents
  private let marks: [TextScope: Timestamp]
  private(set) var sessions: [MovedSession] = []
  private(set) var oneTimeTokens: [MovedOneTimeToken] = []
  private var revocations: [RevocationRow] = []

  init(of contents: LedgerContents) {
    self.contents = contents
    marks = Dictionary(contents.marks.map { (TextScope($0.scope), $0.time) }) { max($0, $1) }
  }

  var liveCount: Int { sessions.count { !$0.isRevoked } }

  /// Replaces the entries by the next ones.
  mutating func take(_ entries: [MovedEntry]) {
    (sessions, oneTimeTokens, revocations) = ([], [], [])
    for entry in entries {
      switch entry {
      case .session(let session):
        sessions.append(session)
        if let revocation = revocation(for: session) { revocations.append(revocation) }
      case .oneTimeToken(let token): oneTimeTokens.append(token)
      }
    }
    // The database decides by this order which sessions were opened after a mark.
    sessions.sort { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
  }

  var queries: [Query] {
    var queries: [Query] = []
    if !sessions.isEmpty { queries.append(insertionOfSessions) }
    if !oneTimeTokens.isEmpty { queries.append(insertionOfOneTimeTokens) }
    if !revocations.isEmpty { queries.append(RevocationRow.insertion(of: revocations)) }
    return queries
  }

  /// Returns what verifiers must know of a session, if anything.
  ///
  /// They must know of a session that was revoked, and of one that was opened after a mark in the same second, so that
  /// its first tokens, which state only their second, do not fall under the mark.
  private func revocation(for session: MovedSession) -> RevocationRow? {
    if session.isRevoked {
      let until = session.refreshedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)
      guard until > contents.highestTime else { return nil }
      return RevocationRow(time: session.refreshedAt, until: until, kind: .session(session.id))
    }
    guard !marks.isEmpty else { return nil }
    let (subject, client) = (session.grant.subject, session.grant.client)
    let scopes: [TextScope] = [.subject(subject), .client(client), .both(subject, client), .all]
    let close = scopes.compactMap { marks[$0] }.filter { $0.seconds == session.openedAt.seconds }
    guard let latest = close.max() else { return nil }
    return RevocationRow(
      time: session.openedAt, until: latest.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax),
      kind: .exemption(session.id))
  }

  // MARK: - Statements

  private static let sessionStatement = Statement(
    name: "adopt_sessions",
    sql: """
      insert into session(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, opened_number, sweep_at, ended_at, attempt,
        subject_version, client_version, status, rotation, successor_seen, subject, client, scope, narrowed, label, key, access_key,
        attributes)
      select u.id, u.generation, u.opened_at, u.refreshed_at, u.idle_ms, u.absolute_ms, nextval('ledger_number'),
        least(u.refreshed_at + u.idle_ms, u.opened_at + u.absolute_ms), u.ended_at, 0, u.subject_version, u.client_version, u.status,
        u.rotation, u.successor_seen, u.subject, u.client, u.scope, u.narrowed, u.label, u.key, u.access_key, u.attributes
      from (
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
          with ordinality
          as u(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, ended_at, subject_version, client_version, status,
            rotation, successor_seen, subject, client, scope, narrowed, label, key, access_key, attributes, place)
        order by place
      ) u
      """)

  private var insertionOfSessions: Query {
    let grants = sessions.map(\.grant)
    let status = sessions.map { $0.isRevoked ? SessionRow.Status.revoked : .live }
    return Query(
      Self.sessionStatement,
      [
        .bytesArray(sessions.map(\.id.bytes)), .int64Array(sessions.map { Int64($0.generation) }),
        .int64Array(sessions.map(\.openedAt.milliseconds)), .int64Array(sessions.map(\.refreshedAt.milliseconds)),
        .int64Array(grants.map(\.terms.lifetimes.idleMilliseconds)),
        .int64Array(grants.map(\.terms.lifetimes.absoluteMilliseconds)),
        .int64Array(sessions.map { $0.isRevoked ? $0.refreshedAt.milliseconds : nil }),
        .int64Array(grants.map { Int64(bitPattern: $0.subjectVersion.digest) }),
        .int64Array(grants.map { Int64(bitPattern: $0.clientVersion.digest) }),
        .int16Array(status.map(\.rawValue)), .int16Array(grants.map { Int16($0.terms.rotation.rawValue) }),
        .boolArray(sessions.map(\.hasSeenSuccessor)), .textArray(grants.map(\.subject)),
        .textArray(grants.map(\.client)), .textArray(grants.map(\.scope)), .textArray(sessions.map(\.narrowedScope)),
        .textArray(grants.map(\.label)), .bytesArray(grants.map { $0.keys.lifelong?.bytes }),
        .bytesArray(grants.map { $0.keys.ofLastUse?.bytes }),
        .bytesArray(grants.map { $0.attributes.isEmpty ? nil : $0.attributes }),
      ])
  }

  private static let oneTimeStatement = Statement(
    name: "adopt_one_time",
    sql: """
      insert into one_time_token(id, purpose, subject, payload, expires_at, consumed_at, attempt)
      select u.*, 0 from unnest($1, $2, $3, $4, $5, $6) u(id, purpose, subject, payload, expires_at, consumed_at)
      """)

  private var insertionOfOneTimeTokens: Query {
    let now = contents.highestTime.milliseconds
    return Query(
      Self.oneTimeStatement,
      [
        .bytesArray(oneTimeTokens.map(\.id.bytes)), .textArray(oneTimeTokens.map(\.purpose)),
        .textArray(oneTimeTokens.map(\.subject)), .bytesArray(oneTimeTokens.map(\.payload)),
        .int64Array(oneTimeTokens.map(\.expiresAt.milliseconds)),
        .int64Array(oneTimeTokens.map { $0.isConsumed ? now : nil }),
      ])
  }
}
#endif
