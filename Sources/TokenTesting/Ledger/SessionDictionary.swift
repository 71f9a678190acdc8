internal import RotationModel
internal import TokenLedger

/// What a ``DictionaryLedger`` knows, and how it changes: the plainest form of what every ledger does.
///
/// It holds what can still be asked for, in dictionaries, and looks through all of it where others keep indexes. Openings are numbered, so that which of
/// them were before a wide revocation needs no clock.
struct SessionDictionary: Sendable {
  struct Entry: Sendable {
    var grant: SessionGrant
    /// Of its opening.
    let number: Int
    let openedAt: Timestamp
    /// When it was last refreshed or, if it was revoked, when that was.
    var refreshedAt: Timestamp
    var generation: UInt32 = 0
    var narrowedScope: String?
    var hasSeenSuccessor = false
    var isRevoked = false

    var end: Timestamp { grant.terms.lifetimes.end(openedAt: openedAt, refreshedAt: refreshedAt) }

    /// Until when the ledger knows of it: of a revoked one as long as access tokens of it can live.
    var keptUntil: Timestamp {
      isRevoked ? max(end, refreshedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)) : end
    }
  }

  struct OneTimeEntry: Sendable {
    let grant: OneTimeGrant
    let expiresAt: Timestamp
    var isConsumed = false
  }

  /// A wide revocation: it covers the openings up to a number.
  struct Mark: Sendable {
    let openings: Int
    let time: Timestamp
  }

  var sessions: [SessionID: Entry] = [:]
  var oneTimeTokens: [SessionID: OneTimeEntry] = [:]
  /// By what they are about. All names in them are in NFC, so equal ones are the same byte by byte.
  var marks: [SessionScope: Mark] = [:]
  /// The number of each opening, and of each access token without a session. Never forgotten, as little in a test is.
  private(set) var openings: [SessionID: Int] = [:]
  private(set) var lastOpening = 0
  var revokedSessions: Set<SessionID> = []
  var revokedTokens: [TokenID: Timestamp] = [:]
  /// Seen as access tokens since the step before.
  var seenTokens: Set<TokenID> = []
  /// Until when the use of a successor may close a grace window.
  var windowsOpenUntil = Timestamp.zero
  /// When a session was last opened or answered, and when an access token without a session was issued: a wide revocation is after both.
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

  /// An id that nothing has, and its number.
  mutating func number(_ known: SessionID? = nil) -> (id: SessionID, number: Int) {
    var id = known ?? draw()
    while known == nil, openings[id] != nil || oneTimeTokens[id] != nil { id = draw() }
    lastOpening += 1
    openings[id] = lastOpening
    // It may be that of one that was forgotten and is brought in again.
    revokedSessions.remove(id)
    return (id, lastOpening)
  }

  private mutating func draw() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }

  /// Counts an event, and tells it where it has a fact.
  mutating func record(_ fact: AuditEvent.Fact?, at time: Timestamp) {
    sequence += 1
    latestEvent = max(latestEvent, time)
    guard let fact else { return }
    told.append(AuditEvent(sequence: sequence, time: shifts.wallTime(of: time), fact: fact))
  }
}

/// An outcome, the number of the event that it rests on, and its moment.
struct Decided<Outcome: Sendable>: Sendable {
  let outcome: Outcome
  let sequence: UInt64
  let moment: LedgerMoment
}

// MARK: - What a step begins with

extension SessionDictionary {
  /// Begins a step, and gives its time.
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

  /// A change of the shift is later than whatever was issued, so that the shift of a pair follows from its time alone.
  private mutating func noteShift(at now: Timestamp) -> Timestamp {
    let seconds = time.shift(of: now, inForce: shifts.seconds)
    guard seconds != shifts.seconds else { return now }
    let latest = max(latestIssue, shifts.changes.last?.from ?? .zero)
    let start = max(now, latest.advanced(byMilliseconds: 1))
    // Not read anew: after a pause in between, the shift would be too small for it.
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

  /// Forgets what has ended and, with ``sweep()``, what a wide revocation covers.
  private mutating func free(at now: Timestamp, _ isOver: (Entry) -> Bool) {
    freedSecond = now.seconds
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

// MARK: - What is known

extension SessionDictionary {
  /// Whether a wide revocation covers it.
  func isCovered(_ entry: Entry) -> Bool {
    marks.contains { scope, mark in
      entry.number <= mark.openings && scope.contains(subject: entry.grant.subject, client: entry.grant.client)
    }
  }

  func isUsable(_ entry: Entry, at now: Timestamp) -> Bool {
    !entry.isRevoked && now < entry.end && !isCovered(entry)
  }

  /// The live sessions of a scope, in the order of their openings.
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
      clientVersion: entry.grant.clientVersion)
  }

  func session(_ id: SessionID, _ entry: Entry) -> Session {
    Session(
      id: id, generation: entry.generation, subject: entry.grant.subject, client: entry.grant.client,
      scope: entry.grant.scope, narrowedScope: entry.narrowedScope, label: entry.grant.label,
      terms: entry.grant.terms, openedAt: entry.openedAt, refreshedAt: entry.refreshedAt,
      shifts: Session.Shifts(
        atUse: shifts.seconds(at: entry.refreshedAt),
        ofOpening: shifts.shownSeconds(of: entry.openedAt, at: latestEvent),
        ofUse: shifts.shownSeconds(of: entry.refreshedAt, at: latestEvent), current: shifts.seconds))
  }
}
