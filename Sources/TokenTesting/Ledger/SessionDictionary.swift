internal import RotationModel
internal import TokenLedger

/// The state of a ``DictionaryLedger``, and its changes: the plainest form of what every ledger does.
///
/// It holds in dictionaries everything that can still be asked for, and searches all of it where others keep indexes.
/// Openings are numbered, so that no clock is needed to tell which of them were before a wide revocation.
struct SessionDictionary: Sendable {
  struct Entry: Sendable {
    var grant: SessionGrant
    /// The number of the opening.
    let number: Int
    let openedAt: Timestamp
    /// The time at which the session was last refreshed or, if it was revoked, at which it was revoked.
    var refreshedAt: Timestamp
    var generation: UInt32 = 0
    var narrowedScope: String?
    var hasSeenSuccessor = false
    var isRevoked = false

    var end: Timestamp { grant.terms.lifetimes.end(openedAt: openedAt, refreshedAt: refreshedAt) }

    /// The time until which the ledger keeps the session: a revoked one for as long as access tokens of it can live.
    var keptUntil: Timestamp {
      isRevoked ? max(end, refreshedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)) : end
    }
  }

  struct OneTimeEntry: Sendable {
    let grant: OneTimeGrant
    let expiresAt: Timestamp
    var isConsumed = false
  }

  /// A wide revocation, which covers the openings up to a number.
  struct Mark: Sendable {
    let openings: Int
    let time: Timestamp
  }

  var sessions: [SessionID: Entry] = [:]
  var oneTimeTokens: [SessionID: OneTimeEntry] = [:]
  /// The proofs of keys that were accepted, with their ends.
  var proofs: [Digest256: Timestamp] = [:]
  /// The wide revocations by their scopes.
  ///
  /// All names in them are in NFC, so that equal ones have the same bytes.
  var marks: [SessionScope: Mark] = [:]
  /// The number of each opening, and of each access token without a session.
  ///
  /// The numbers are never forgotten, since a test has few.
  private(set) var openings: [SessionID: Int] = [:]
  private(set) var lastOpening = 0
  var revokedSessions: Set<SessionID> = []
  var revokedTokens: [TokenID: Timestamp] = [:]
  /// The tokens that were seen as access tokens since the step before.
  var seenTokens: Set<TokenID> = []
  /// The time until which the use of a successor can close a grace window.
  var windowsOpenUntil = Timestamp.zero
  /// The time at which a session was last opened or answered; every wide revocation is after it.
  var latestIssue = Timestamp.zero
  var latestAccessIssue = Timestamp.zero
  private(set) var sequence: UInt64 = 0
  private(set) var shifts = TimeShifts()
  private var latestEvent = Timestamp.zero
  private var freedSecond = Int64.min
  private var random: any RandomNumberGenerator & Sendable

  let time: LedgerTime
  let told: ToldEvents
  let sessionsPerSubjectMax: Int

  init(clock: SessionClock, sessionsPerSubjectMax: Int, random: any RandomNumberGenerator & Sendable) {
    time = LedgerTime(clock, notBefore: .zero)
    told = ToldEvents()
    self.sessionsPerSubjectMax = sessionsPerSubjectMax
    self.random = random
  }

  /// Returns an unused id, or the known one, and its number.
  mutating func number(_ known: SessionID? = nil) -> (id: SessionID, number: Int) {
    var id = known ?? draw()
    while known == nil, openings[id] != nil || oneTimeTokens[id] != nil { id = draw() }
    lastOpening += 1
    openings[id] = lastOpening
    // The id can be that of a session that was forgotten and is imported again.
    revokedSessions.remove(id)
    return (id, lastOpening)
  }

  private mutating func draw() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }

  /// Counts an event, and reports it if it has a fact.
  mutating func record(_ fact: AuditEvent.Fact?, at time: Timestamp) {
    sequence += 1
    latestEvent = max(latestEvent, time)
    guard let fact else { return }
    told.append(AuditEvent(sequence: sequence, time: shifts.wallTime(of: time), fact: fact))
  }
}

/// An outcome, the number of the event on which it rests, and its time.
struct Decided<Outcome: Sendable>: Sendable {
  let outcome: Outcome
  let sequence: UInt64
  let moment: LedgerMoment
}

// MARK: - The beginning of a step

extension SessionDictionary {
  /// Begins a step and returns its time.
  mutating func begin() -> Timestamp {
    let now = noteShift(at: time.now())
    noteUses(at: now)
    if freedSecond < now.seconds { free(at: now) { $0.keptUntil.secondsRoundedUp <= now.seconds } }
    return now
  }

  func decided<Outcome: Sendable>(
    _ outcome: Outcome, at now: Timestamp, through sequence: UInt64? = nil
  ) -> Decided<Outcome> {
    Decided(
      outcome: outcome, sequence: sequence ?? self.sequence,
      moment: LedgerMoment(time: now, shift: shifts.seconds))
  }

  /// Notes a change of the shift.
  ///
  /// The time of the change is later than everything that was issued, so that the shift of a pair follows from its time
  /// alone.
  private mutating func noteShift(at now: Timestamp) -> Timestamp {
    let seconds = time.shift(of: now, inForce: shifts.seconds)
    guard seconds != shifts.seconds else { return now }
    let latest = max(latestIssue, shifts.changes.last?.from ?? .zero)
    let start = max(now, latest.advanced(byMilliseconds: 1))
    // The time is not read again: after a pause in between, the shift would be too small for it.
    _ = time.now(notBefore: start)
    record(nil, at: start)
    shifts.change(to: seconds, from: start)
    return start
  }

  /// Closes the grace windows whose successors were seen as access tokens.
  private mutating func noteUses(at now: Timestamp) {
    let seen = seenTokens.sorted { ($0.session, $0.generation) < ($1.session, $1.generation) }
    seenTokens = []
    for token in seen {
      guard let entry = sessions[token.session], !entry.isRevoked, entry.generation == token.generation,
        !entry.hasSeenSuccessor,
        now < entry.refreshedAt.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax)
      else { continue }
      sessions[token.session]?.hasSeenSuccessor = true
      record(.successorSeen(token, subject: entry.grant.subject, client: entry.grant.client), at: now)
    }
  }

  /// Forgets the entries that are over.
  ///
  /// With ``sweep()`` these include the ones that a wide revocation covers.
  private mutating func free(at now: Timestamp, _ isOver: (Entry) -> Bool) {
    freedSecond = now.seconds
    proofs = proofs.filter { $0.value > now }
    let over = sessions.filter { isOver($0.value) }
    let overTokens = oneTimeTokens.filter { $0.value.expiresAt.secondsRoundedUp <= now.seconds }
    guard !over.isEmpty || !overTokens.isEmpty else { return }
    let expired = over.count { !$0.value.isRevoked && !isCovered($0.value) }
    let expiredTokens = overTokens.count { !$0.value.isConsumed }
    for id in over.keys { sessions[id] = nil }
    for id in overTokens.keys { oneTimeTokens[id] = nil }
    let isTold = expired + expiredTokens > 0
    record(isTold ? .expired(sessions: expired, oneTimeTokens: expiredTokens) : nil, at: now)
  }

  mutating func sweep() {
    let now = begin()
    let covered = Set(sessions.filter { !$0.value.isRevoked && isCovered($0.value) }.map(\.value.number))
    free(at: now) { covered.contains($0.number) }
  }
}

// MARK: - Queries

extension SessionDictionary {
  /// Checks whether a wide revocation covers the session.
  func isCovered(_ entry: Entry) -> Bool {
    marks.contains { scope, mark in
      entry.number <= mark.openings && scope.contains(subject: entry.grant.subject, client: entry.grant.client)
    }
  }

  func isUsable(_ entry: Entry, at now: Timestamp) -> Bool {
    !entry.isRevoked && now < entry.end && !isCovered(entry)
  }

  /// Returns the live sessions of a scope, in the order of their openings.
  func usable(in scope: SessionScope, at now: Timestamp) -> [(id: SessionID, entry: Entry)] {
    sessions.filter { _, entry in
      scope.contains(subject: entry.grant.subject, client: entry.grant.client) && isUsable(entry, at: now)
    }
    .map { (id: $0.key, entry: $0.value) }.sorted { $0.entry.number < $1.entry.number }
  }

  func facts(of entry: Entry) -> SessionFacts {
    SessionFacts(
      client: entry.grant.client, generation: entry.generation, isRevoked: entry.isRevoked || isCovered(entry),
      hasSeenSuccessor: entry.hasSeenSuccessor, terms: entry.grant.terms, openedAt: entry.openedAt,
      refreshedAt: entry.refreshedAt, narrowedScope: entry.narrowedScope, subjectVersion: entry.grant.subjectVersion,
      clientVersion: entry.grant.clientVersion, keys: entry.grant.keys)
  }

  func session(_ id: SessionID, _ entry: Entry) -> Session {
    Session(
      id: id, generation: entry.generation, subject: entry.grant.subject, client: entry.grant.client,
      scope: entry.grant.scope, narrowedScope: entry.narrowedScope, label: entry.grant.label,
      terms: entry.grant.terms, openedAt: entry.openedAt, refreshedAt: entry.refreshedAt,
      shifts: Session.Shifts(
        atUse: shifts.seconds(at: entry.refreshedAt),
        ofOpening: shifts.shownSeconds(of: entry.openedAt, at: latestEvent),
        ofUse: shifts.shownSeconds(of: entry.refreshedAt, at: latestEvent), current: shifts.seconds),
      keys: entry.grant.keys, attributes: entry.grant.attributes)
  }
}
