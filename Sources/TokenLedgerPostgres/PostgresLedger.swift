#if Postgres
internal import COpenSSL
internal import Platform
public import RotationModel
internal import Synchronization

/// A ledger in a PostgreSQL database that any number of instances share.
///
///     let ledger = try await PostgresLedger.open(DatabaseAddress("postgresql://tokens@db1,db2/tokens"))
///
/// Each outcome is a committed transaction of the primary and, if ``PostgresOptions/standby-swift.property`` asks for
/// one, of a synchronous standby. All waiting rotations go to the database as one statement, so that many callers share
/// one commit. docs/postgres-ledger.md is the specification.
public final class PostgresLedger: Sendable {
  public let options: PostgresOptions
  /// The address of the database, which is printed without a password.
  package let address: DatabaseAddress
  package let knowledge: InstanceKnowledge
  let connector: Connector
  let lanes: Lanes
  let feed: Feed
  let events: DatabaseEvents
  let lastStatistics = Mutex<LedgerStatistics?>(nil)

  /// Finds the primary, reads the revocations, and connects.
  ///
  /// The schema must exist: `refresh-ledger database init` makes it.
  ///
  /// - Throws: The error that prevents it, with the fix. After an error that can pass, the call tries again for
  ///   ``PostgresOptions/requestDeadline``.
  public static func open(
    _ address: DatabaseAddress, options: PostgresOptions = PostgresOptions()
  ) async throws(DatabaseError) -> PostgresLedger {
    // libpq uses libcrypto on the threads of the feed and the lanes, which end as the ledger closes.
    ledger_keep_libcrypto()
    do { try options.validate() } catch { throw .unsuitable("A setting of the database is wrong: \(error)") }
    let knowledge = try InstanceKnowledge(options: options)
    var setting = try LedgerSetting(options: options)
    setting.hooks = knowledge.hooks
    let connector = Connector(address, setting: setting)
    let feed = Feed(knowledge, connector: connector)
    let deadline = ContinuousClock.now + options.requestDeadline
    try await feed.start(deadline: deadline)
    do {
      let lanes = try await Lanes.start(connector, deadline: deadline)
      feed.onReturn { [queue = lanes.queue] in queue.wakeAll() }
      return PostgresLedger(address, options, knowledge, connector, lanes, feed)
    } catch {
      await feed.close()
      throw error
    }
  }

  private init(
    _ address: DatabaseAddress, _ options: PostgresOptions, _ knowledge: InstanceKnowledge, _ connector: Connector,
    _ lanes: Lanes, _ feed: Feed
  ) {
    (self.address, self.options, self.knowledge, self.connector) = (address, options, knowledge, connector)
    (self.lanes, self.feed) = (lanes, feed)
    events = DatabaseEvents(lanes, knowledge)
  }

  deinit {
    lanes.queue.beginClosing()
    Task { [feed] in await feed.close() }
  }

  /// Runs a step on a lane, for the contents of the database beside sessions; see ``Lanes/perform(limit:_:)``.
  package func perform<Outcome: Sendable>(
    _ body:
      @escaping @Sendable (LedgerConnection, Attempt, _ deadline: ContinuousClock.Instant) throws(DatabaseError) ->
      Outcome
  ) async throws(LedgerError) -> Outcome {
    try await lanes.perform(body)
  }

  /// The time of an outcome that rests on nothing.
  private var emptyMoment: LedgerMoment {
    let now = knowledge.clock.now()
    return LedgerMoment(time: now, shift: knowledge.clock.shift(at: now))
  }

  /// Checks that a text has no NUL, which PostgreSQL cannot store.
  static func check(_ field: String, _ text: String?) throws(LedgerError) {
    guard let text, text.utf8.contains(0) else { return }
    throw .invalid(field: field, limit: "text without a NUL")
  }
}

extension PostgresLedger: SessionLedger {
  public func rotate<Reply: Sendable>(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Self.validate(request)
    let (rotation, moment) = try await lanes.rotate(request, deadline: deadline)
    return reply(rotation, moment)
  }

  public func rotate<Reply: Sendable>(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?, reply: ([Rotation], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Limits.batch.check("batch", batch.count)
    for request in batch { try Self.validate(request) }
    guard !batch.isEmpty else { return reply([], emptyMoment) }
    let (rotations, moment) = try await lanes.rotate(batch, deadline: deadline)
    return reply(rotations, moment)
  }

  private static func validate(_ request: RotationRequest) throws(LedgerError) {
    try request.validate()
    try check("client", request.client)
    try check("scope", request.narrowedScope)
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
    for grant in batch { try Self.validate(grant) }
    guard !batch.isEmpty else { return reply([], emptyMoment) }
    let requests = batch.map { grant in
      // The generator is not captured: ThreadSanitizer takes the address of a value without a size for one that is
      // read.
      var generator = SystemRandomNumberGenerator()
      return OpeningRequest(id: grant.id ?? SessionID(from: &generator), grant: grant)
    }
    let answer = try await lanes.open(requests, deadline: deadline)
    var sessions: [Session] = []
    for (request, isOpened) in zip(requests, answer.isOpened) {
      // Somebody else may have drawn the same 96 random bits, and the session is not this caller's; or it is the
      // caller's own and was ended before a retry could answer.
      guard isOpened, let session = answer.session(request.id) else {
        throw .outcomeUnknown("the session was ended while it was opened, or its id is taken; try again")
      }
      sessions.append(session)
    }
    return reply(sessions, answer.moment.ledgerMoment)
  }

  public func importSessions<Reply: Sendable>(
    _ batch: [SessionImport], reply: ([SessionImportOutcome], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    try Limits.batch.check("batch", batch.count)
    for item in batch { try Self.validate(item.grant) }
    guard !batch.isEmpty else { return reply([], emptyMoment) }
    let requests = batch.map { OpeningRequest(id: $0.id, grant: $0.grant) }
    let answer = try await lanes.open(requests, deadline: nil)
    let outcomes = zip(requests, answer.isOpened).map { request, isOpened in
      isOpened
        ? answer.session(request.id).map { SessionImportOutcome.opened($0) } ?? .present(nil)
        : .present(answer.usableSession(request.id))
    }
    return reply(outcomes, answer.moment.ledgerMoment)
  }

  private static func validate(_ grant: SessionGrant) throws(LedgerError) {
    try grant.validate()
    try check("subject", grant.subject)
    try check("client", grant.client)
    try check("scope", grant.scope)
  }

  public func issueAccess(client: String) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment) {
    try await issueAccess(client: client, accessMilliseconds: Lifetimes.accessMillisecondsMax)
  }

  public func issueAccess(
    client: String, accessMilliseconds: Int64
  ) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment) {
    try Self.check("client", client)
    var generator = SystemRandomNumberGenerator()
    let id = SessionID(from: &generator)
    return (id, try await lanes.issueAccess(client: client, id: id, accessMilliseconds: accessMilliseconds))
  }

  public var register: any AccessRegister { knowledge.register }

  public func now() -> Timestamp { knowledge.clock.now() }

  public var health: LedgerHealth {
    var health = knowledge.health
    // The feed can be connected while no lane is, for example if the server accepts no more connections.
    if let outage = lanes.queue.outage, health.state == .acceptsChanges {
      let (seconds, attoseconds) = (ContinuousClock.now - outage.since).components
      let age = seconds * 1000 + attoseconds / 1_000_000_000_000_000
      health.state = .unavailable(since: knowledge.clock.now().advanced(byMilliseconds: -age))
    }
    return health
  }

  /// Ends the lanes once they have done the waiting work, and then the feed.
  ///
  /// The call is idempotent.
  public func close() async throws(LedgerError) {
    await lanes.queue.close()
    await feed.close()
    knowledge.condition.close("the ledger is closed")
  }
}
#endif
