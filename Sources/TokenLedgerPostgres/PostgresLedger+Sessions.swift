#if Postgres
internal import Platform
public import RotationModel

extension PostgresLedger: ProofLedger {
  public func count(_ proof: KeyProof) async throws(LedgerError) -> RotationRefusal? {
    try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try ProofUses.count(proof, attempt: attempt, on: connection, deadline: deadline)
    }
  }
}

/// The revocation and inspection of sessions.
extension PostgresLedger {
  public func revoke(_ session: SessionID) async throws(LedgerError) -> Bool {
    try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try RevokingSteps.session(session, attempt: attempt, on: connection, deadline: deadline)
    }
  }

  /// Revokes the sessions of a scope; see ``SessionLedger/revoke(_:)-(SessionScope)``.
  ///
  /// If the scope is wider than a subject, its sessions are counted just before.
  @discardableResult
  public func revoke(_ scope: SessionScope) async throws(LedgerError) -> Int {
    try Self.check(scope)
    switch scope {
    case .subject(let subject): return try await revoke(subject: subject, client: nil)
    case .subjectAtClient(let subject, let client): return try await revoke(subject: subject, client: client)
    case .client, .all:
      let count = try await sessionCount(of: scope)
      let client = scope.columns.client
      try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
        try RevokingSteps.wide(client: client, on: connection, deadline: deadline)
      }
      return count
    }
  }

  /// Revokes every session of a client that was removed or replaced in the records of this ledger, as ``revoke(_:)``
  /// does, unless the client that has the id now has already opened one.
  ///
  /// Instances learn of a change one after the other, and the last must not end what the first has opened since.
  ///
  /// - Returns: The number of sessions that were live, or nil if the present client has opened one. Nothing was done
  ///   then, and the former client's sessions must be ended one by one.
  package func revoke(goneClient client: String) async throws(LedgerError) -> Int? {
    try Self.check(.client(client))
    let count = try await sessionCount(of: .client(client))
    return try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
      try RevokingSteps.gone(client: client, on: connection, deadline: deadline) ? count : nil
    }
  }

  /// Returns the openings of a client's live sessions with ids after a given one, in the order of ids; none at the end.
  package func openings(
    ofClient client: String, after id: SessionID?, limit: Int = 1000
  ) async throws(LedgerError) -> [ClientOpening] {
    try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
      try ClientOpenings.page(of: client, after: id, limit: limit, on: connection, deadline: deadline)
    }
  }

  private func revoke(subject: String, client: String?) async throws(LedgerError) -> Int {
    try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try RevokingSteps.subject(subject, client: client, attempt: attempt, on: connection, deadline: deadline)
    }
  }

  public func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerError) -> [SessionID] {
    try Self.check(.subject(subject))
    return try await lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
      try RevokingSteps.outdated(
        subject: subject, version: version, orBefore: moment, attempt: attempt, on: connection, deadline: deadline)
    }
  }

  public func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerError) {
    try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
      try RevokingSteps.access(token, until: end, on: connection, deadline: deadline)
    }
  }

  public func session(_ id: SessionID) async throws(LedgerError) -> Session? {
    try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
      try ReadingSteps.session(id, on: connection, deadline: deadline)
    }
  }

  /// Returns a page of sessions in the order of their ids; see ``SessionLedger/sessions(of:after:limit:)``.
  ///
  /// No cursor is ever lost.
  public func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(LedgerError) -> SessionPage {
    try Limits.page.check("limit", limit)
    try Self.check(scope)
    var place: SessionID?
    if let cursor {
      place = SessionID(text: cursor.text)
      guard place != nil else {
        throw .invalid(field: "after", limit: "what a page before said; list from the beginning")
      }
    }
    return try await lanes.perform { [place] (connection, _, deadline) throws(DatabaseError) in
      try ReadingSteps.page(of: scope, after: place, limit: limit, on: connection, deadline: deadline)
    }
  }

  public func sessionCount(of scope: SessionScope) async throws(LedgerError) -> Int {
    try Self.check(scope)
    return try await lanes.perform { (connection, _, deadline) throws(DatabaseError) in
      try ReadingSteps.count(of: scope, on: connection, deadline: deadline)
    }
  }

  public func holders() async throws(LedgerError) -> SessionHolders {
    var holders = SessionHolders(subjects: [], clients: [])
    var place: SessionID?
    repeat {
      (holders, place) = try await lanes.perform { [holders, place] (connection, _, deadline) throws(DatabaseError) in
        var more = holders
        let next = try ReadingSteps.holders(after: place, into: &more, on: connection, deadline: deadline)
        return (more, next)
      }
      holders.merge()
    } while place != nil
    return holders
  }

  /// Checks the names of a scope, which must be in NFC, since names are stored in no other form.
  static func check(_ scope: SessionScope) throws(LedgerError) {
    try scope.eachName { (field, name) throws(LedgerError) in
      try NameForm.check(field, name)
      try check(field, name)
    }
  }
}
#endif
