#if Postgres
internal import RotationModel
internal import TokenLedger

/// The opening of a session, as its event records it.
struct OpenedEvent {
  let number: Int64
  private let id: SessionID
  private let event: AuditEvent
  private let openedAt: Timestamp
  /// The terms, or nil in events from before they were recorded.
  private let terms: SessionTerms?

  /// Reads the opening from a row of the columns of an event, followed by `at_ms` and the terms.
  init(_ rows: Rows, _ row: Int, of id: SessionID) throws(DatabaseError) {
    guard let event = try AuditEvent(rows, row) else { throw .malformed("an opening is none") }
    (self.id, self.event, number) = (id, event, Int64(clamping: event.sequence))
    openedAt = Timestamp(milliseconds: try rows.int64(row, 17))
    terms = try SessionTerms(rows, row, from: 18)
  }

  /// Returns the session as its events left it.
  func session(after events: [AuditEvent], _ shifts: TimeShifts, at now: Timestamp) -> Session? {
    guard let terms, case .opened(_, let subject, let client, let scope, let label) = event.fact else { return nil }
    var (generation, refreshedAt): (UInt32, Timestamp) = (0, openedAt)
    for event in events {
      switch event.fact {
      case .rotated(let token, _, _), .refreshed(let token, _, _):
        generation = token.generation
        refreshedAt = shifts.ledgerTime(of: event.time)
      default: break
      }
    }
    return Session(
      id: id, generation: generation, subject: subject, client: client, scope: scope, narrowedScope: nil, label: label,
      terms: terms, openedAt: openedAt, refreshedAt: refreshedAt,
      shifts: Session.Shifts(shifts, openedAt, refreshedAt, now))
  }
}

/// A summary of the events of one session.
struct SessionLife {
  let id: SessionID
  let eventCount: Int64
  private let subject: String
  private let openedNumber: Int64?
  private let openedAt: Timestamp?
  private let client: String?
  private let scope: String?
  private let label: String?
  private let terms: SessionTerms?
  private let generation: UInt32
  private let refreshedAt: Timestamp?
  private let cause: RevocationCause?
  private let wasReused: Bool
  private let endedAt: Timestamp?

  /// The columns that summarize events `e`, which must be grouped by session.
  static let selection = """
    select e.session, count(*),
      min(e.number) filter (where e.kind = 1), min(e.at_ms) filter (where e.kind = 1), min(e.client), min(e.scope), min(e.label),
      min(e.idle_ms), min(e.absolute_ms), min(e.rotation),
      max(e.generation) filter (where e.kind in (1, 2, 3)), max(e.at_ms) filter (where e.kind in (1, 2, 3)),
      min(e.cause) filter (where e.kind = 7), coalesce(bool_or(e.ended), false),
      min(e.shown_ms) filter (where e.kind = 7 or e.ended)
    """

  init(_ rows: Rows, _ row: Int, subject: String) throws(DatabaseError) {
    func time(_ column: Int) throws(DatabaseError) -> Timestamp? {
      try rows.int64IfPresent(row, column).map { Timestamp(milliseconds: $0) }
    }
    self.subject = subject
    (id, eventCount) = (try rows.sessionID(row, 0), try rows.int64(row, 1))
    (openedNumber, openedAt) = (try rows.int64IfPresent(row, 2), try time(3))
    (client, scope, label) = (
      try rows.textIfPresent(row, 4), try rows.textIfPresent(row, 5), try rows.textIfPresent(row, 6)
    )
    terms = try SessionTerms(rows, row, from: 7)
    generation = UInt32(clamping: try rows.int64IfPresent(row, 10) ?? 0)
    refreshedAt = try time(11)
    cause = try rows.int64IfPresent(row, 12).flatMap { UInt8(exactly: $0) }.flatMap { RevocationCause(rawValue: $0) }
    (wasReused, endedAt) = (try rows.bool(row, 13), try time(14))
  }

  /// Returns the session as its events left it, for a session whose row is gone; nil if its opening is not among the
  /// events.
  func session(_ shifts: TimeShifts, at now: Timestamp) -> Session? {
    guard let terms, let openedAt, let client, let scope else { return nil }
    let refreshedAt = refreshedAt ?? openedAt
    return Session(
      id: id, generation: generation, subject: subject, client: client, scope: scope, narrowedScope: nil, label: label,
      terms: terms, openedAt: openedAt, refreshedAt: refreshedAt,
      shifts: Session.Shifts(shifts, openedAt, refreshedAt, now))
  }

  /// Returns the end of the session, or nil if it is live.
  ///
  /// `scopes` are the revocations of scopes that can cover sessions of the subject, in order.
  func end(of session: Session, _ scopes: [AuditEvent], at now: Timestamp) -> EndedSession? {
    if let endedAt {
      return EndedSession(session: session, endedAt: endedAt, end: .revoked(cause ?? (wasReused ? .reuse : nil)))
    }
    let expiry = session.expiresAt.shifted(back: session.shifts.current)
    for event in scopes where Int64(clamping: event.sequence) > openedNumber ?? 0 && event.time < expiry {
      guard case .revokedAll(let scope) = event.fact, scope.contains(subject: session.subject, client: session.client)
      else { continue }
      return EndedSession(session: session, endedAt: event.time, end: .revokedAll(scope))
    }
    return session.expiresAt <= now ? EndedSession(session: session, endedAt: expiry, end: .expired) : nil
  }
}

extension SessionTerms {
  /// Creates terms from the columns `idle_ms`, `absolute_ms` and `rotation`, or returns nil if one of them is null.
  fileprivate init?(_ rows: Rows, _ row: Int, from column: Int) throws(DatabaseError) {
    guard let idle = try rows.int64IfPresent(row, column), let absolute = try rows.int64IfPresent(row, column + 1),
      let rotation = try rows.int64IfPresent(row, column + 2)
    else { return nil }
    guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute),
      let policy = UInt8(exactly: rotation).flatMap({ RotationPolicy(rawValue: $0) })
    else { throw .malformed("an opening has terms that no session can have") }
    self.init(lifetimes: lifetimes, rotation: policy)
  }
}

extension Session.Shifts {
  fileprivate init(_ shifts: TimeShifts, _ openedAt: Timestamp, _ refreshedAt: Timestamp, _ now: Timestamp) {
    self.init(
      atUse: shifts.seconds(at: refreshedAt), ofOpening: shifts.shownSeconds(of: openedAt, at: now),
      ofUse: shifts.shownSeconds(of: refreshedAt, at: now), current: shifts.seconds)
  }
}

extension TimeShifts {
  /// Returns the ledger's time for a shown time: the latest one for which ``wallTime(of:)`` returns that.
  fileprivate func ledgerTime(of shown: Timestamp) -> Timestamp {
    for change in changes.reversed() where change.from <= shown.advanced(byMilliseconds: 1000 * change.seconds) {
      return shown.advanced(byMilliseconds: 1000 * change.seconds)
    }
    return shown
  }
}
#endif
