#if Postgres
internal import RotationModel

/// Events as they are read from rows.
extension AuditEvent {
  /// The columns of `event` that a statement selects, in the order in which ``init(_:_:)`` reads them.
  static let columns = """
    e.number, e.shown_ms, e.kind, e.session, e.generation, e.subject, e.client, e.class, e.behind, e.ended, e.cause, \
    e.until_ms, e.sessions, e.one_time_tokens, e.scope, e.label, e.purpose
    """

  /// Creates an event from a row of such a statement, or returns nil for a kind that a later version has added.
  ///
  /// - Throws: `.malformed` for a row that no instance writes.
  init?(_ rows: Rows, _ row: Int) throws(DatabaseError) {
    let number = try rows.int64(row, 0)
    guard number >= 0 else { throw .malformed("an event has the number \(number)") }
    guard let kind = EventRow.Kind(rawValue: Int16(truncatingIfNeeded: try rows.int64(row, 2))) else { return nil }
    self.init(
      sequence: UInt64(number), time: Timestamp(milliseconds: try rows.int64(row, 1)),
      fact: try Fact(kind, EventCells(rows: rows, row: row)))
  }
}

/// The columns of one row.
private struct EventCells {
  let rows: Rows
  let row: Int

  func session() throws(DatabaseError) -> SessionID { try rows.sessionID(row, 3) }

  func token() throws(DatabaseError) -> TokenID {
    TokenID(session: try session(), generation: try rows.generation(row, 4))
  }

  func subject() throws(DatabaseError) -> String { try rows.text(row, 5) }
  func client() throws(DatabaseError) -> String { try rows.text(row, 6) }

  func reuse() throws(DatabaseError) -> ReuseClass {
    let value = try rows.int64(row, 7)
    guard let reuse = UInt8(exactly: value).flatMap({ ReuseClass(rawValue: $0) }) else {
      throw .malformed("an event has the class \(value)")
    }
    return reuse
  }

  func behind() throws(DatabaseError) -> UInt32 { try rows.generation(row, 8) }
  func ended() throws(DatabaseError) -> Bool { try rows.bool(row, 9) }

  func cause() throws(DatabaseError) -> RevocationCause {
    let value = try rows.int64(row, 10)
    guard let cause = UInt8(exactly: value).flatMap({ RevocationCause(rawValue: $0) }) else {
      throw .malformed("an event has the cause \(value)")
    }
    return cause
  }

  func until() throws(DatabaseError) -> Timestamp { Timestamp(milliseconds: try rows.int64(row, 11)) }
  func sessions() throws(DatabaseError) -> Int { Int(max(0, try rows.int64(row, 12))) }
  func oneTimeTokens() throws(DatabaseError) -> Int { Int(max(0, try rows.int64(row, 13))) }
  func scope() throws(DatabaseError) -> String { try rows.text(row, 14) }
  func label() throws(DatabaseError) -> String? { try rows.textIfPresent(row, 15) }
  func purpose() throws(DatabaseError) -> String { try rows.text(row, 16) }

  /// Returns the scope of a wide revocation.
  func revokedScope() throws(DatabaseError) -> SessionScope {
    switch (try rows.textIfPresent(row, 5), try rows.textIfPresent(row, 6)) {
    case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
    case (let subject?, nil): .subject(subject)
    case (nil, let client?): .client(client)
    case (nil, nil): .all
    }
  }
}

extension AuditEvent.Fact {
  fileprivate init(_ kind: EventRow.Kind, _ cells: EventCells) throws(DatabaseError) {
    switch kind {
    case .opened:
      self = .opened(
        try cells.token(), subject: try cells.subject(), client: try cells.client(), scope: try cells.scope(),
        label: try cells.label())
    case .rotated: self = .rotated(try cells.token(), subject: try cells.subject(), client: try cells.client())
    case .refreshed: self = .refreshed(try cells.token(), subject: try cells.subject(), client: try cells.client())
    case .retried:
      self = .retried(
        try cells.token(), subject: try cells.subject(), client: try cells.client(), try cells.reuse())
    case .successorSeen:
      self = .successorSeen(try cells.token(), subject: try cells.subject(), client: try cells.client())
    case .reused:
      self = .reused(
        try cells.token(), subject: try cells.subject(), client: try cells.client(), try cells.reuse(),
        generationsBehind: try cells.behind(), revokedSession: try cells.ended())
    case .revoked:
      self = .revoked(
        try cells.session(), subject: try cells.subject(), client: try cells.client(), try cells.cause())
    case .revokedAll: self = .revokedAll(try cells.revokedScope())
    case .accessRevoked: self = .accessRevoked(try cells.token(), until: try cells.until())
    case .expired: self = .expired(sessions: try cells.sessions(), oneTimeTokens: try cells.oneTimeTokens())
    case .oneTimeIssued:
      self = .oneTimeIssued(try cells.session(), subject: try cells.subject(), purpose: try cells.purpose())
    case .oneTimeConsumed:
      self = .oneTimeConsumed(try cells.session(), subject: try cells.subject(), purpose: try cells.purpose())
    }
  }
}
#endif
