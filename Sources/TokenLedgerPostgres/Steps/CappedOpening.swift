#if Postgres
internal import Platform

/// Opens sessions if a subject can have so many at a time: whoever opens holds the subject alone, and the least
/// recently used make room.
enum CappedOpening {
  /// Opens those whose ids are not there, in their order.
  static func run(
    _ openings: [OpeningStep.Opening], sessionsPerSubjectMax: Int, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> OpeningStep.Answer {
    let ids = Parameter.bytesArray(openings.map(\.id.bytes))
    let attempt = openings.first?.attempt ?? 0
    var step = try LockedStep(
      .subjects(openings.map(\.grant.subject), attempt: attempt),
      reading: [Query(OpeningStep.readStatement, [ids]), Query(oneTimeTokens, [ids])], on: connection,
      deadline: deadline)
    var present: [SessionID: SessionRow] = [:]
    var taken: Set<SessionID> = []
    for row in 0..<step.read[0].count {
      let session = try SessionRow(step.read[0], row)
      present[session.id] = session
    }
    for row in 0..<step.read[1].count { taken.insert(try step.read[1].sessionID(row, 0)) }
    for opening in openings where present[opening.id] == nil && !taken.contains(opening.id) {
      step.makeRoom(for: opening, max: sessionsPerSubjectMax)
      present[opening.id] = step.open(opening)
    }
    let rows = try step.commit([Query(OpeningStep.exemptStatement, [ids]), Query(OpeningStep.exemptions, [ids])])
    let exemptions = try RevocationRow.all(rows[1])
    if !exemptions.isEmpty { connection.setting.hooks.noteRevocations(exemptions) }
    return OpeningStep.Answer(
      rows: present, marks: step.marks, moment: step.moment,
      isOpened: openings.map { present[$0.id]?.attempt == $0.attempt })
  }

  private static let oneTimeTokens = Statement(
    name: "one_time_ids", sql: "select t.id from one_time_token t where t.id = any($1)")
}

extension LockedStep {
  fileprivate mutating func makeRoom(for opening: OpeningStep.Opening, max: Int) {
    let live = rows.values.filter { $0.subject.hasSameBytes(as: opening.grant.subject) && isUsable($0) }
    guard live.count >= max else { return }
    let byUse = live.sorted { ($0.refreshedAt, $0.openedNumber) < ($1.refreshedAt, $1.openedNumber) }
    for row in byUse.prefix(live.count - max + 1) { revoke(row, cause: .evicted, attempt: opening.attempt) }
  }

  fileprivate mutating func open(_ opening: OpeningStep.Opening) -> SessionRow {
    var row = SessionRow(id: opening.id, grant: opening.grant, at: moment.now, attempt: opening.attempt)
    // Later than those that are there, in the order of this step; the database gives the number.
    row.openedNumber = .max - 1_000_000 + Int64(changes.opened.count)
    open(row)
    changes.record(
      .opened(row.tokenID, subject: row.subject, client: row.client, scope: row.scope, label: row.label),
      terms: row.terms, at: moment)
    return row
  }
}
#endif
