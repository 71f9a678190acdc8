#if Postgres
/// The changes that a step decided and has yet to write: rows of sessions, events, and what verifiers must hear of.
struct StepChanges: Sendable {
  /// Sessions that were there, as they are from now on; in the order of their first change.
  private(set) var changed: [SessionRow] = []
  private var places: [SessionID: Int] = [:]
  private(set) var opened: [SessionRow] = []
  private(set) var events: [EventRow] = []
  private(set) var revocations: [RevocationRow] = []

  mutating func change(_ row: SessionRow) {
    if let place = places[row.id] { return changed[place] = row }
    places[row.id] = changed.count
    changed.append(row)
  }

  mutating func open(_ row: SessionRow) { opened.append(row) }

  /// Adds the event of a fact, with the terms of a session that is opened.
  ///
  /// - Precondition: The fact is one that is kept.
  mutating func record(_ fact: AuditEvent.Fact, terms: SessionTerms? = nil, at moment: StepMoment) {
    guard var event = EventRow(fact, at: moment.now, shift: moment.shift) else {
      preconditionFailure("no ledger keeps \(fact)")
    }
    event.terms = terms
    events.append(event)
  }

  /// A session ends: verifiers hear of it if access tokens of it can be alive.
  mutating func revoke(_ row: SessionRow, at moment: StepMoment) {
    // Within its grace window the last pair was answered again, with a new access token if the first had ended.
    let until = row.refreshedAt.advanced(
      byMilliseconds: RotationRequest.graceMillisecondsMax + moment.accessMilliseconds)
    note(RevocationRow(time: moment.now, until: until, kind: .session(row.id)), at: moment)
  }

  mutating func note(_ revocation: RevocationRow, at moment: StepMoment) {
    if revocation.until > moment.now { revocations.append(revocation) }
  }

  // MARK: - Writing

  /// The changes that a step wrote.
  struct Written: Sendable {
    let revocations: [RevocationRow]
    let lastEvent: Int64?
  }

  /// At least one, since a step that changes nothing is an answer too and waits for the standby.
  var queries: [Query] {
    var queries: [Query] = []
    // What is opened can end in the same step.
    if !opened.isEmpty { queries.append(OpeningStep.insertion(of: opened)) }
    if !changed.isEmpty { queries.append(update) }
    if !events.isEmpty { queries.append(EventRow.insertion(of: events)) }
    if !revocations.isEmpty { queries.append(RevocationRow.insertion(of: revocations)) }
    return queries.isEmpty ? [Query(LedgerSQL.barrierStatement)] : queries
  }

  /// Reads what the queries gave.
  func written(_ rows: [Rows]) throws(DatabaseError) -> Written {
    var rows = rows[...]
    if !opened.isEmpty, rows.popFirst()?.changedCount != opened.count { throw .malformed("a session was not opened") }
    if !changed.isEmpty, rows.popFirst()?.changedCount != changed.count {
      throw .malformed("a locked session was not changed")
    }
    let lastEvent = events.isEmpty ? nil : try rows.popFirst()?.int64IfPresent(0, 0)
    guard !revocations.isEmpty, let written = rows.popFirst() else {
      return Written(revocations: [], lastEvent: lastEvent)
    }
    return Written(revocations: try RevocationRow.all(written), lastEvent: lastEvent)
  }

  private static let updateStatement = Statement(
    name: "session_update",
    sql: """
      update session s
      set generation = u.generation, refreshed_at = u.refreshed_at, idle_ms = u.idle_ms, absolute_ms = u.absolute_ms,
        ended_at = u.ended_at, attempt = u.attempt, status = u.status, rotation = u.rotation, successor_seen = u.successor_seen,
        narrowed = u.narrowed, access_key = u.access_key
      from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        as u(id, generation, refreshed_at, idle_ms, absolute_ms, ended_at, attempt, status, rotation, successor_seen, narrowed,
          access_key)
      where s.id = u.id
      """)

  private var update: Query {
    Query(
      Self.updateStatement,
      [
        .bytesArray(changed.map(\.id.bytes)), .int64Array(changed.map { Int64($0.generation) }),
        .int64Array(changed.map(\.refreshedAt.milliseconds)),
        .int64Array(changed.map(\.terms.lifetimes.idleMilliseconds)),
        .int64Array(changed.map(\.terms.lifetimes.absoluteMilliseconds)),
        .int64Array(changed.map { $0.endedAt?.milliseconds }), .int64Array(changed.map(\.attempt)),
        .int16Array(changed.map(\.status.rawValue)), .int16Array(changed.map { Int16($0.terms.rotation.rawValue) }),
        .boolArray(changed.map(\.hasSeenSuccessor)), .textArray(changed.map(\.narrowedScope)),
        .bytesArray(changed.map { $0.keys.ofLastUse?.bytes }),
      ])
  }
}
#endif
