public import RotationModel
internal import Synchronization

/// A ledger in dictionaries, for tests: it answers as every ledger does, and fails and waits when a test asks for it.
///
///     let clock = ManualClock()
///     let ledger = DictionaryLedger(clock: clock)
///     let engine = try RotationEngine(ledger: ledger, clock: clock.sessionClock)
///
///     ledger.fail(.unavailable("the database is away"), times: 1)
///     // The next call of the engine throws, and nothing was consumed.
///
/// Its decisions are those of ``RotationRule``, the rule of all ledgers. It writes nothing, searches everything it
/// holds for each answer, and keeps every event: it is for some thousand sessions and not for service.
///
/// Failures are ordered with ``fail(_:times:afterEffect:)`` and ended with ``recover()``. Between ``hold()`` and
/// ``release()`` outcomes are decided and not reported.
public final class DictionaryLedger: Sendable {
  struct Books: Sendable {
    var sessions: SessionDictionary
    var faults = LedgerFaults()
    var feed = Feed()
  }

  /// The news of other instances, as a test sets it.
  struct Feed: Sendable {
    var age: Duration?
    var isStale = false
    var refusesAccess = false
  }

  let books: Mutex<Books>
  let time: @Sendable () -> Timestamp
  private let told: ToldEvents
  let held = HeldCalls()

  /// - Parameters:
  ///   - clock: The clock of the ledger's time, which never goes back even if the clock does.
  ///   - sessionsPerSubjectMax: The most sessions of a subject at a time: opening one more revokes the least recently
  ///     used one; 0 stands for no cap.
  ///   - random: The generator of ids; a ``SeededGenerator`` makes the same ones in each run.
  public init(
    clock: SessionClock, sessionsPerSubjectMax: Int = 0,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    let sessions = SessionDictionary(clock: clock, sessionsPerSubjectMax: sessionsPerSubjectMax, random: random)
    time = { [time = sessions.time] in time.now() }
    told = sessions.told
    books = Mutex(Books(sessions: sessions))
  }

  /// Creates a ledger with a clock that the test moves.
  public convenience init(
    clock: ManualClock, sessionsPerSubjectMax: Int = 0,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.init(clock: clock.sessionClock, sessionsPerSubjectMax: sessionsPerSubjectMax, random: random)
  }

  /// Forgets everything that has ended, as ``run(_:)`` does once a second.
  public func sweep() {
    books.withLock { $0.sessions.sweep() }
  }

  /// Decides in one step, makes the reply, and waits until the outcome counts as durable.
  private func decide<Outcome: Sendable, Reply: Sendable>(
    _ purpose: LedgerFaults.Purpose, until deadline: ContinuousClock.Instant? = nil,
    _ step: (inout SessionDictionary) throws(LedgerError) -> Decided<Outcome>,
    reply: (Outcome, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let (decided, failure) = try books.withLock { (books) throws(LedgerError) in
      let failure = try books.faults.meet(purpose)
      return (try step(&books.sessions), failure)
    }
    let answer = reply(decided.outcome, decided.moment)
    if let failure { throw failure }
    try await held.wait(for: decided.sequence, until: deadline)
    return answer
  }

  private func decide<Outcome: Sendable>(
    _ purpose: LedgerFaults.Purpose, _ step: (inout SessionDictionary) throws(LedgerError) -> Decided<Outcome>
  ) async throws(LedgerError) -> Outcome {
    try await decide(purpose, step) { outcome, _ in outcome }
  }

  /// Checks the names of a scope: no name here has another form than NFC, so a selector in another form means nothing.
  private static func check(_ scope: SessionScope) throws(LedgerError) {
    try scope.eachName { (field, name) throws(LedgerError) in try NameForm.check(field, name) }
  }
}

extension DictionaryLedger: SessionLedger {
  public func rotate<Reply: Sendable>(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try request.validate()
    return try await decide(.changing, until: deadline, { $0.rotate(request) }, reply: reply)
  }

  public func rotate<Reply: Sendable>(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?, reply: ([Rotation], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Limits.batch.check("batch", batch.count)
    for request in batch { try request.validate() }
    return try await decide(.changing, until: deadline, { $0.rotate(batch) }, reply: reply)
  }

  public func open<Reply: Sendable>(
    _ grant: SessionGrant, deadline: ContinuousClock.Instant?, reply: (Session, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try await open([grant], deadline: deadline) { sessions, moment in reply(sessions[0], moment) }
  }

  public func open<Reply: Sendable>(
    _ batch: [SessionGrant], deadline: ContinuousClock.Instant?, reply: ([Session], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Limits.batch.check("batch", batch.count)
    for grant in batch { try grant.validate() }
    return try await decide(.opening, until: deadline, { $0.open(batch) }, reply: reply)
  }

  public func importSessions<Reply: Sendable>(
    _ batch: [SessionImport], reply: ([SessionImportOutcome], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Limits.batch.check("batch", batch.count)
    for item in batch { try item.grant.validate() }
    return try await decide(.opening, { $0.importSessions(batch) }, reply: reply)
  }

  public func revoke(_ session: SessionID) async throws(LedgerError) -> Bool {
    try await decide(.changing) { $0.revoke(session) }
  }

  @discardableResult
  public func revoke(_ scope: SessionScope) async throws(LedgerError) -> Int {
    try Self.check(scope)
    return try await decide(.changing) { $0.revoke(scope) }
  }

  public func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerError) -> [SessionID] {
    try Self.check(.subject(subject))
    return try await decide(.changing) {
      $0.revoke(subject: subject, openedUnderOtherThan: version, orBefore: moment)
    }
  }

  public func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerError) {
    try await decide(.changing) { $0.revokeAccess(token, until: end) }
  }

  public func issueAccess(client: String) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment) {
    try books.withLock { (books) throws(LedgerError) in
      let failure = try books.faults.meet(.changing)
      let issued = books.sessions.issueAccess()
      if let failure { throw failure }
      return issued
    }
  }

  public func session(_ id: SessionID) async throws(LedgerError) -> Session? {
    try await decide(.looking) { $0.session(id) }
  }

  public func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(LedgerError) -> SessionPage {
    try Limits.page.check("limit", limit)
    if !scope.isKept { try Self.check(scope) }
    return try await decide(.looking) { (books) throws(LedgerError) in
      try books.page(of: scope, after: cursor, limit: limit)
    }
  }

  public func sessionCount(of scope: SessionScope) async throws(LedgerError) -> Int {
    try await decide(.looking) { $0.count(of: scope) }
  }

  public func holders() async throws(LedgerError) -> SessionHolders {
    try await decide(.looking) { $0.holders() }
  }

  public var register: any AccessRegister { Register(ledger: self) }

  private struct Register: AccessRegister {
    let ledger: DictionaryLedger

    func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
      ledger.books.withLock {
        $0.feed.refusesAccess || $0.sessions.isRefused(token, subject: subject, client: client, issuedAt: issuedAt)
      }
    }

    func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
      ledger.books.withLock { $0.sessions.isMarked(subject: subject, client: client, issuedAt: issuedAt) }
    }

    func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp) {
      ledger.books.withLock { $0.sessions.noteUse(of: token, issuedAt: issuedAt, now: now) }
    }
  }

  public func now() -> Timestamp { time() }

  /// The store: another one if ``setFeed(age:isStale:refusesAccess:)`` has made the ledger one of several instances.
  public var store: LedgerStore {
    books.withLock { $0.feed.age == nil ? .embedded : .other("a dictionary of a test") }
  }

  public var health: LedgerHealth {
    books.withLock {
      var health = LedgerHealth(
        state: $0.faults.health, feedAge: $0.feed.age, clockShiftSeconds: $0.sessions.shifts.seconds)
      health.isFeedStale = $0.feed.isStale
      health.refusesAccess = $0.feed.refusesAccess
      return health
    }
  }

  public var statistics: LedgerStatistics {
    get async {
      let (sessions, health) = books.withLock { ($0.sessions, $0.faults.health) }
      var isWritable = true
      if case .closed = health { isWritable = false }
      return LedgerStatistics(
        liveSessions: sessions.sessions.values.count { !$0.isRevoked },
        entries: sessions.sessions.count + sessions.oneTimeTokens.count, sequence: sessions.sequence,
        durableSequence: held.durableSequence(of: sessions.sequence), logBytes: 0,
        clockShiftSeconds: sessions.shifts.seconds, isWritable: isWritable)
    }
  }

  /// Calls ``sweep()`` once a second; see ``SessionLedger/run(_:)``.
  ///
  /// The ledger notices no step of a clock.
  public func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async {
    while (try? await Task.sleep(for: .seconds(1))) != nil { sweep() }
  }

  public func close() async throws(LedgerError) {
    books.withLock { $0.faults.close("the ledger is closed") }
    held.release()
    told.finish()
  }
}

extension DictionaryLedger: ProofLedger {
  public func count(_ proof: KeyProof) async throws(LedgerError) -> RotationRefusal? {
    try await decide(.changing) { $0.count(proof) }
  }
}

extension DictionaryLedger: OneTimeLedger {
  public func issue<Reply: Sendable>(
    _ grant: OneTimeGrant, reply: (SessionID, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try grant.validate()
    return try await decide(.opening, { $0.issue(grant) }, reply: reply)
  }

  public func consume(_ id: SessionID, purpose: String) async throws(LedgerError) -> OneTimeConsumption {
    try await decide(.changing) { $0.consume(id, purpose: purpose) }
  }
}

extension DictionaryLedger: EventLedger {
  /// Returns the events; see ``EventLedger/events(after:buffer:)``.
  ///
  /// All events are kept, so none is missed.
  public func events(after sequence: UInt64? = nil, buffer: Int = 65_536) async throws(LedgerError) -> AuditEvents {
    try Limits.eventBuffer.check("buffer", buffer)
    let last = books.withLock { $0.sessions.sequence }
    guard sequence ?? 0 <= last else {
      throw .invalid(field: "after", limit: "at most \(last), the ledger's last event")
    }
    return AuditEvents(ToldEventSource(told: told, held: held, sequence: sequence ?? last))
  }

  /// Returns nil, since the ledger keeps no history.
  public func history(of session: SessionID, within limits: HistoryLimits) async throws(LedgerError) -> SessionHistory?
  {
    nil
  }

  /// Returns nil, since the ledger keeps no history.
  public func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits
  ) async throws(LedgerError) -> EndedSessions? {
    nil
  }
}
