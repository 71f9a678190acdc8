#if Postgres
public import RotationModel

extension PostgresLedger: OneTimeLedger {
  public func issue<Reply: Sendable>(
    _ grant: OneTimeGrant, reply: (SessionID, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try grant.validate()
    try Self.check("subject", grant.subject)
    try Self.check("purpose", grant.purpose)
    var generator = SystemRandomNumberGenerator()
    let id = SessionID(from: &generator)
    let moment = try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try OneTimeSteps.issue(grant, id: id, attempt: attempt, on: connection, deadline: deadline)
    }
    return reply(id, moment)
  }

  public func consume(_ id: SessionID, purpose: String) async throws(LedgerError) -> OneTimeConsumption {
    try Self.check("purpose", purpose)
    return try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try OneTimeSteps.consume(id, purpose: purpose, attempt: attempt, on: connection, deadline: deadline)
    }
  }
}

extension PostgresLedger: EventLedger {
  /// Returns the events of all instances; see ``EventLedger/events(after:buffer:)``.
  ///
  /// A slow consumer misses nothing that the database still has.
  public func events(after sequence: UInt64? = nil, buffer: Int = 65_536) async throws(LedgerError) -> AuditEvents {
    try await events.events(after: sequence, buffer: buffer)
  }

  public func history(
    of session: SessionID, within limits: HistoryLimits
  ) async throws(LedgerError) -> SessionHistory? {
    try await events.history(of: session, within: limits)
  }

  public func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits
  ) async throws(LedgerError) -> EndedSessions? {
    try Self.check(.subject(subject))
    return try await events.endedSessions(ofSubject: subject, within: limits)
  }
}
#endif
