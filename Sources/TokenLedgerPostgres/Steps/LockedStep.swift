#if Postgres
/// A step of two round trips: it locks sessions, decides on them here, and writes: what needs more than one statement
/// can say.
///
/// A step that is not committed is rolled back by whoever runs it.
struct LockedStep {
  /// Which sessions a step locks.
  enum Selection: Sendable {
    /// In whatever state they are.
    case ids([SessionID])
    /// Those of subjects that are live, or were ended by this attempt.
    ///
    /// `isAlone`: no session of them is opened meanwhile either; else whoever opens holds the subjects alone.
    case subjects([String], attempt: Int64)
  }

  let connection: LedgerConnection
  let deadline: ContinuousClock.Instant
  let moment: StepMoment
  let marks: WideMarks
  private(set) var rows: [SessionID: SessionRow] = [:]
  /// In the order of ids.
  let ids: [SessionID]
  var changes = StepChanges()
  /// Sessions that had ended before, of which whoever asked is told so.
  private var endedBefore: Set<SessionID> = []
  /// The rows that were read beside it.
  let read: [Rows]

  /// Locks the sessions, in the order of their ids; those of subjects after the subjects themselves, which nobody opens
  /// sessions for meanwhile.
  ///
  /// The queries `reading` are run once they are locked.
  init(
    _ selection: Selection, reading: [Query] = [], on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    (self.connection, self.deadline) = (connection, deadline)
    let queries = Self.queries(selection, time: connection.setting.time)
    let answer = try connection.begin(queries + reading, deadline: deadline)
    read = Array(answer.rows.suffix(reading.count))
    let sessions: [SessionRow]
    let found = answer.rows.prefix(queries.count).suffix(4)
    let start = found.startIndex
    do {
      moment = try StepMoment(found[start + 1], shifts: found[start + 3])
      marks = try WideMarks(found[start + 2])
      sessions = try (0..<found[start].count).map { (row) throws(DatabaseError) in try SessionRow(found[start], row) }
    } catch {
      throw error.withoutEffect
    }
    ids = sessions.map(\.id)
    for session in sessions { rows[session.id] = session }
  }

  /// The session as this step has it by now.
  subscript(id: SessionID) -> SessionRow? { rows[id] }

  mutating func change(_ row: SessionRow) {
    rows[row.id] = row
    changes.change(row)
  }

  mutating func open(_ row: SessionRow) {
    rows[row.id] = row
    changes.open(row)
  }

  /// Ends a session by itself, for a cause that is told.
  mutating func revoke(_ row: SessionRow, cause: RevocationCause, attempt: Int64) {
    changes.record(.revoked(row.id, subject: row.subject, client: row.client, cause), at: moment)
    end(row, attempt: attempt)
    changes.revoke(row, at: moment)
  }

  /// Ends a session without a word about it.
  mutating func end(_ row: SessionRow, attempt: Int64) {
    var ended = row
    (ended.status, ended.endedAt, ended.attempt) = (.revoked, moment.now, attempt)
    change(ended)
  }

  /// This instance's verifiers possibly have yet to hear what ended it: an earlier try of the call, or another
  /// instance.
  mutating func noteEndBefore(_ id: SessionID) { endedBefore.insert(id) }

  func isUsable(_ row: SessionRow) -> Bool { row.isUsable(marks, at: moment.now) }

  /// Writes what was decided and commits; tells this instance's verifiers before it returns.
  func commit(_ more: [Query] = []) throws(DatabaseError) -> [Rows] {
    let ends = endedBefore.isEmpty ? [] : [Query(RevocationRow.ends, [.bytesArray(endedBefore.map(\.bytes))])]
    let rows = try connection.finish(
      changes.queries + ends + more, wakes: !changes.revocations.isEmpty, deadline: deadline)
    let written = try changes.written(rows)
    var revocations = written.revocations
    for found in rows.dropLast(more.count).suffix(ends.count) { revocations += try RevocationRow.all(found) }
    if !revocations.isEmpty { connection.setting.hooks.noteRevocations(revocations) }
    if let number = written.lastEvent { connection.acknowledge(number) }
    connection.note(moment.now)
    return Array(rows.suffix(more.count))
  }

  // MARK: - Statements

  private static func queries(_ selection: Selection, time: StatementTime) -> [Query] {
    let moment = Query(StepMoment.statement[time])
    let shifts = Query(StepMoment.shiftsStatement)
    switch selection {
    case .ids(let ids):
      let ids = Parameter.bytesArray(ids.map(\.bytes))
      return [Query(lockIDs, [ids]), moment, Query(OpeningStep.marksStatement, [ids]), shifts]
    case .subjects(let subjects, let attempt):
      let names = Parameter.textArray(subjects)
      return [
        Query(OpeningStep.lockSubjectsAlone, [names]), Query(lockSubjects, [names, .int64(attempt)]), moment,
        Query(marksOfSubjects, [names]), shifts,
      ]
    }
  }

  private static let lockIDs = Statement(
    name: "lock_ids",
    sql: "select \(LedgerSQL.sessionColumns) from session s where s.id = any($1) order by s.id for update")

  private static let lockSubjects = Statement(
    name: "lock_subjects",
    sql: """
      select \(LedgerSQL.sessionColumns) from session s
      where s.subject = any($1) and (s.status = 1 or s.status = 2 and s.attempt = $2) order by s.id for update
      """)

  private static let marksOfSubjects = Statement(
    name: "marks_of_subjects",
    sql: """
      select k.client, k.number from mark k
      where k.client = '' or k.client in (select '=' || s.client from session s where s.subject = any($1))
      """)
}
#endif
