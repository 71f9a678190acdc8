#if Postgres
internal import RotationModel

/// The past and new events of a ledger, as `EventLedger` offers them.
package struct DatabaseEvents: Sendable {
  private let steps: any StepPerformer
  private let knowledge: InstanceKnowledge

  package init(_ steps: any StepPerformer, _ knowledge: InstanceKnowledge) {
    (self.steps, self.knowledge) = (steps, knowledge)
  }

  /// Returns the events; see ``EventLedger/events(after:buffer:)``.
  ///
  /// `buffer` has no effect here, since events that were not taken stay in the database.
  package func events(after sequence: UInt64?, buffer: Int) async throws(LedgerError) -> AuditEvents {
    try Limits.eventBuffer.check("buffer", buffer)
    guard let sequence else {
      let start = try await steps.perform { (connection, deadline) throws(DatabaseError) in
        try EventReading.start(connection, deadline: deadline)
      }
      return AuditEvents(EventSource(steps, knowledge, after: start.floor, known: start.known))
    }
    let last = try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try EventReading.floor(connection, deadline: deadline).last
    }
    guard let place = Int64(exactly: sequence), place <= last else {
      throw .invalid(field: "after", limit: "at most \(last), the ledger's last number")
    }
    return AuditEvents(EventSource(steps, knowledge, after: place))
  }

  /// Returns the history of a session; see ``EventLedger/history(of:within:)``.
  package func history(
    of session: SessionID, within limits: HistoryLimits
  ) async throws(LedgerError) -> SessionHistory? {
    let shifts = knowledge.clock.shifts
    return try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try HistoryReading(limits, shifts).history(of: session, connection, deadline: deadline)
    }
  }

  /// Returns the ended sessions of a subject; see ``EventLedger/endedSessions(ofSubject:within:)``.
  package func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits
  ) async throws(LedgerError) -> EndedSessions? {
    let shifts = knowledge.clock.shifts
    return try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try HistoryReading(limits, shifts).endedSessions(ofSubject: subject, connection, deadline: deadline)
    }
  }
}
#endif
