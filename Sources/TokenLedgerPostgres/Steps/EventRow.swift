#if Postgres
/// A row of the table `event` before it has its number: the columns of a fact.
///
/// The numbers of kinds are the order of ``RotationModel/AuditEvent/Fact``; none is given a second meaning.
package struct EventRow: Sendable, Hashable {
  package enum Kind: Int16, Sendable, Hashable, CaseIterable {
    case opened = 1
    case rotated, refreshed, retried, successorSeen, reused, revoked, revokedAll, accessRevoked, expired, oneTimeIssued,
      oneTimeConsumed
  }

  package var kind: Kind
  /// The ledger's time.
  package var time: Timestamp
  /// That less the shift then in force.
  package var shownTime: Timestamp
  package var session: SessionID?
  package var generation: UInt32?
  package var subject: String?
  package var client: String?
  package var reuse: ReuseClass?
  package var generationsBehind: UInt32?
  package var hasEndedSession: Bool?
  package var cause: RevocationCause?
  package var until: Timestamp?
  package var sessionCount: Int?
  package var oneTimeTokenCount: Int?
  package var scope: String?
  package var label: String?
  package var purpose: String?
  /// The terms of a session that is opened, which history knows once its row is gone.
  package var terms: SessionTerms?

  /// Makes nil of what is told and never kept.
  package init?(_ fact: AuditEvent.Fact, at time: Timestamp, shift: Int64) {
    self.init(bare: .opened, time, time.shifted(back: shift))
    switch fact {
    case .opened(let token, let subject, let client, let scope, let label):
      set(.opened, token, subject, client)
      (self.scope, self.label) = (scope, label)
    case .rotated(let token, let subject, let client): set(.rotated, token, subject, client)
    case .refreshed(let token, let subject, let client): set(.refreshed, token, subject, client)
    case .retried(let token, let subject, let client, let reuse):
      set(.retried, token, subject, client)
      self.reuse = reuse
    case .successorSeen(let token, let subject, let client): set(.successorSeen, token, subject, client)
    case .reused(let token, let subject, let client, let reuse, let behind, let hasEnded):
      set(.reused, token, subject, client)
      (self.reuse, generationsBehind, hasEndedSession) = (reuse, behind, hasEnded)
    case .revoked(let session, let subject, let client, let cause):
      kind = .revoked
      (self.session, self.subject, self.client, self.cause) = (session, subject, client, cause)
    case .revokedAll(let scope):
      kind = .revokedAll
      (subject, client) = scope.columns
    case .accessRevoked(let token, let until):
      set(.accessRevoked, token, nil, nil)
      self.until = until
    case .expired(let sessions, let oneTimeTokens):
      kind = .expired
      (sessionCount, oneTimeTokenCount) = (sessions, oneTimeTokens)
    case .oneTimeIssued(let id, let subject, let purpose):
      kind = .oneTimeIssued
      (session, self.subject, self.purpose) = (id, subject, purpose)
    case .oneTimeConsumed(let id, let subject, let purpose):
      kind = .oneTimeConsumed
      (session, self.subject, self.purpose) = (id, subject, purpose)
    case .missed: return nil
    @unknown default: return nil
    }
  }

  private init(bare kind: Kind, _ time: Timestamp, _ shownTime: Timestamp) {
    (self.kind, self.time, self.shownTime) = (kind, time, shownTime)
  }

  private mutating func set(_ kind: Kind, _ token: TokenID, _ subject: String?, _ client: String?) {
    self.kind = kind
    (session, generation) = (token.session, token.generation)
    (self.subject, self.client) = (subject, client)
  }
}

extension SessionScope {
  /// Subject and client as columns have them: null for any.
  package var columns: (subject: String?, client: String?) {
    switch self {
    case .subject(let subject): (subject, nil)
    case .client(let client): (nil, client)
    case .subjectAtClient(let subject, let client): (subject, client)
    case .all: (nil, nil)
    }
  }
}

extension EventRow {
  /// Inserts events in their order, and gives the greatest number; null for none.
  package static let insert = Statement(
    name: "event_insert",
    sql: """
      with told as (
        insert into event(number, at_ms, shown_ms, kind, session, generation, subject, client, class, behind, ended, cause,
          until_ms, sessions, one_time_tokens, scope, label, purpose, idle_ms, absolute_ms, rotation)
        select nextval('ledger_number'), e.at_ms, e.shown_ms, e.kind, e.session, e.generation, e.subject, e.client, e.class, e.behind,
          e.ended, e.cause, e.until_ms, e.sessions, e.one_time_tokens, e.scope, e.label, e.purpose, e.idle_ms, e.absolute_ms, e.rotation
        from (
          select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20) with ordinality
            as u(at_ms, shown_ms, kind, session, generation, subject, client, class, behind, ended, cause, until_ms, sessions,
              one_time_tokens, scope, label, purpose, idle_ms, absolute_ms, rotation, place)
          order by place
        ) e
        returning number
      )
      select max(number) from told
      """)

  package static func insertion(of events: [EventRow]) -> Query {
    Query(
      insert,
      [
        .int64Array(events.map(\.time.milliseconds)), .int64Array(events.map(\.shownTime.milliseconds)),
        .int16Array(events.map(\.kind.rawValue)), .bytesArray(events.map { $0.session?.bytes }),
        .int64Array(events.map { $0.generation.map(Int64.init) }), .textArray(events.map(\.subject)),
        .textArray(events.map(\.client)), .int16Array(events.map { $0.reuse.map { Int16($0.rawValue) } }),
        .int64Array(events.map { $0.generationsBehind.map(Int64.init) }), .boolArray(events.map(\.hasEndedSession)),
        .int16Array(events.map { $0.cause.map { Int16($0.rawValue) } }),
        .int64Array(events.map { $0.until?.milliseconds }), .int64Array(events.map { $0.sessionCount.map(Int64.init) }),
        .int64Array(events.map { $0.oneTimeTokenCount.map(Int64.init) }), .textArray(events.map(\.scope)),
        .textArray(events.map(\.label)), .textArray(events.map(\.purpose)),
        .int64Array(events.map { $0.terms?.lifetimes.idleMilliseconds }),
        .int64Array(events.map { $0.terms?.lifetimes.absoluteMilliseconds }),
        .int16Array(events.map { $0.terms.map { Int16($0.rotation.rawValue) } }),
      ])
  }
}
#endif
