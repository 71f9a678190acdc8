/// The contents of a ledger with a log at one moment, with names in place of its own numbers, for moving them to
/// another kind of ledger.
///
/// The contents are a snapshot: taking it costs a reference for each 512 entries, whatever happens to the ledger
/// afterwards.
package struct LedgerContents: Sendable {
  private let snapshot: LedgerSnapshot

  init(_ snapshot: LedgerSnapshot) {
    self.snapshot = snapshot
  }

  /// The highest time of the ledger.
  ///
  /// A ledger that continues from here must not be behind it.
  package var highestTime: Timestamp { snapshot.highestTime }
  package var shifts: [TimeShifts.Change] { snapshot.shifts }
  /// The number of sessions and one-time tokens.
  package var entryCount: Int { snapshot.entryCount }
  /// The proofs that count as used, with their ends.
  package var usedProofs: [(digest: Digest256, end: Timestamp)] {
    snapshot.proofs.live(after: highestTime).map { ($0.digest, $0.end) }
  }
  /// The access tokens that were revoked one by one, with their ends.
  package var revokedTokens: [TokenID: Timestamp] { snapshot.revokedTokens.filter { $0.value > highestTime } }

  /// The wide revocations.
  ///
  /// The sessions that they end are no longer among the entries.
  package var marks: [(scope: SessionScope, time: Timestamp)] {
    snapshot.marks.sorted().map { key, time in (scope(of: key), time) }
  }

  private func scope(of key: MarkKey) -> SessionScope {
    switch key {
    case .subject(let subject): .subject(name(subject))
    case .client(let client): .client(name(client))
    case .subjectAtClient(let subject, let client): .subjectAtClient(subject: name(subject), client: name(client))
    case .all: .all
    }
  }

  /// Returns a part of the entries.
  ///
  /// Live sessions that a wide revocation covers are left out.
  ///
  /// - Parameters:
  ///   - place: The position to begin at, 0 for the first.
  ///   - most: The number of positions to visit; some of them have no entry.
  /// - Returns: The entries in the order of their positions, and the position to continue from, or nil at the end.
  package func entries(from place: Int, most: Int) -> (entries: [MovedEntry], next: Int?) {
    let end = min(snapshot.entries.count, place + most)
    var found: [MovedEntry] = []
    for slot in place..<max(place, end) {
      if let entry = entry(snapshot.entries[slot], at: UInt32(slot)) { found.append(entry) }
    }
    return (found, end < snapshot.entries.count ? end : nil)
  }

  private func entry(_ entry: SessionEntry, at slot: UInt32) -> MovedEntry? {
    switch entry.status {
    case .free: return nil
    case .oneTimeLive, .oneTimeConsumed:
      return .oneTimeToken(
        MovedOneTimeToken(
          id: entry.id, purpose: name(entry.detail), subject: name(entry.subject),
          payload: snapshot.payloads[slot] ?? [], issuedAt: entry.openedAt, expiresAt: entry.refreshedAt,
          isConsumed: entry.status == .oneTimeConsumed))
    case .live, .revoked:
      guard let profile = snapshot.profiles[Int(entry.detail)] else { return nil }
      let isCovered = snapshot.marks.cover(subject: entry.subject, client: profile.client, openedAt: entry.openedAt)
      guard entry.status == .revoked || !isCovered else { return nil }
      var grant = SessionGrant(
        subject: name(entry.subject), client: name(profile.client), scope: name(profile.scope),
        lifetimes: profile.terms.lifetimes, rotation: profile.terms.rotation,
        label: snapshot.labels[slot].map(name), subjectVersion: entry.version, clientVersion: profile.clientVersion)
      grant.keys = snapshot.keys(at: slot)
      grant.attributes = snapshot.payloads[slot] ?? []
      return .session(
        MovedSession(
          id: entry.id, grant: grant, generation: entry.generation, openedAt: entry.openedAt,
          refreshedAt: entry.refreshedAt,
          narrowedScope: entry.narrowedScope == SessionEntry.notNarrowed ? nil : name(entry.narrowedScope),
          hasSeenSuccessor: entry.hasSeenSuccessor, isRevoked: entry.status == .revoked))
    }
  }

  private func name(_ number: UInt32) -> String {
    Int(number) < snapshot.names.count ? snapshot.names[Int(number)] ?? "" : ""
  }
}

/// An entry of a ledger on its way to another.
package enum MovedEntry: Sendable, Hashable {
  case session(MovedSession)
  case oneTimeToken(MovedOneTimeToken)
}

/// A session with its progress.
package struct MovedSession: Sendable, Hashable {
  package var id: SessionID
  /// The terms and keys of the session as they are now, which may differ from those of its opening.
  package var grant: SessionGrant
  /// The generation of the live refresh token.
  package var generation: UInt32
  package var openedAt: Timestamp
  /// The time at which the live token was issued or, for a revoked session, at which it was revoked.
  package var refreshedAt: Timestamp
  package var narrowedScope: String?
  package var hasSeenSuccessor: Bool
  package var isRevoked: Bool

  package init(
    id: SessionID, grant: SessionGrant, generation: UInt32, openedAt: Timestamp, refreshedAt: Timestamp,
    narrowedScope: String?, hasSeenSuccessor: Bool, isRevoked: Bool
  ) {
    self.id = id
    self.grant = grant
    self.generation = generation
    self.openedAt = openedAt
    self.refreshedAt = refreshedAt
    self.narrowedScope = narrowedScope
    self.hasSeenSuccessor = hasSeenSuccessor
    self.isRevoked = isRevoked
  }
}

/// A one-time token with its progress.
package struct MovedOneTimeToken: Sendable, Hashable {
  package var id: SessionID
  package var purpose: String
  package var subject: String
  package var payload: [UInt8]
  package var issuedAt: Timestamp
  package var expiresAt: Timestamp
  package var isConsumed: Bool

  package init(
    id: SessionID, purpose: String, subject: String, payload: [UInt8], issuedAt: Timestamp, expiresAt: Timestamp,
    isConsumed: Bool
  ) {
    self.id = id
    self.purpose = purpose
    self.subject = subject
    self.payload = payload
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.isConsumed = isConsumed
  }
}

extension RefreshLedger {
  /// Returns the contents of the ledger at this moment.
  package func contents() -> LedgerContents {
    LedgerContents(LedgerSnapshot(of: machine.state, sequence: machine.sequence))
  }
}
