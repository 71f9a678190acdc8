#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Synchronization
import Testing
@testable import TokenLedgerPostgres

/// A clock that tests set.
///
/// It stands for the database's and the machine's.
final class SteppedClock: Sendable {
  private struct Reading {
    var wall: Timestamp
    var boot: Int64 = 1_000_000
  }

  private let reading: Mutex<Reading>

  init(at start: Timestamp = Timestamp(milliseconds: 1_900_000_000_000)) {
    reading = Mutex(Reading(wall: start))
  }

  var sessionClock: SessionClock {
    SessionClock(
      wall: { self.reading.withLock(\.wall) }, bootMilliseconds: { self.reading.withLock(\.boot) })
  }

  var now: Timestamp { reading.withLock(\.wall) }

  /// Time passes.
  func pass(_ duration: Duration) {
    let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    reading.withLock { reading in
      reading.wall = reading.wall.advanced(byMilliseconds: milliseconds)
      reading.boot += milliseconds
    }
  }

  /// Somebody sets the wall clock.
  func set(byMilliseconds milliseconds: Int64) {
    reading.withLock { $0.wall = $0.wall.advanced(byMilliseconds: milliseconds) }
  }
}

/// An instance without its threads: the test runs each step, and each look of the feed.
final class TestedInstance {
  let knowledge: InstanceKnowledge
  let connector: Connector
  private(set) var connection: LedgerConnection
  private var reader: FeedReader
  private let endsIdleSteps: Bool

  static func options(_ clock: SteppedClock? = nil) -> PostgresOptions {
    var options = PostgresOptions()
    options.standby = .none
    options.simulatedClock = clock?.sessionClock
    return options
  }

  /// Connects an instance; if `endsIdleSteps`, the server ends a step that stands open for two seconds, as in service.
  ///
  /// On a slow machine a test takes longer than that.
  init(_ database: TestedDatabase, _ options: PostgresOptions, endsIdleSteps: Bool = false) throws {
    self.endsIdleSteps = endsIdleSteps
    knowledge = try InstanceKnowledge(options: options)
    var setting = try LedgerSetting(options: options)
    setting.hooks = knowledge.hooks
    connector = Connector(database.address, setting: setting)
    connection = try Self.connect(connector, endsIdleSteps)
    reader = FeedReader(knowledge)
    reader.begin(connection)
  }

  private static func connect(_ connector: Connector, _ endsIdleSteps: Bool) throws -> LedgerConnection {
    let connection = try connector.connect(deadline: .long)
    if !endsIdleSteps {
      try connection.database.simple("set idle_in_transaction_session_timeout = 0", deadline: .long)
    }
    return connection
  }

  deinit { connection.database.close() }

  /// One look of the feed.
  func look() throws { try reader.look(connection, patience: .seconds(60)) }

  /// Connects anew, as what a step refuses has it do.
  func reconnect() throws {
    let next = try Self.connect(connector, endsIdleSteps)
    connection.database.close()
    connection = next
    reader.begin(next)
  }

  /// One more connection, as a second lane has it; it ends with whoever asks for it.
  func another() throws -> LedgerConnection { try Self.connect(connector, endsIdleSteps) }

  /// Goes on by the same connection as if it had found something else of the ledger.
  func rediscover(_ change: (inout LedgerFacts) -> Void) {
    var facts = connection.facts
    change(&facts)
    connection = LedgerConnection(connection.database, facts: facts, setting: connection.setting)
    reader.begin(connection)
  }

  var register: RevocationRegister { knowledge.revocations }

  /// Opens a session.
  @discardableResult
  func open(
    _ subject: String, client: String = "app", idle: Duration = .seconds(3600), absolute: Duration = .seconds(86_400),
    access: Duration = .seconds(900)
  ) throws -> Session {
    try openAll([subject], client: client, idle: idle, absolute: absolute, access: access)[0]
  }

  /// Opens a session for each subject, in one step.
  @discardableResult
  func openAll(
    _ subjects: [String], client: String = "app", idle: Duration = .seconds(3600),
    absolute: Duration = .seconds(86_400), access: Duration = .seconds(900)
  ) throws -> [Session] {
    try connection.raiseLimits(
      accessMilliseconds: access.components.seconds * 1000, graceMilliseconds: 0, deadline: .long)
    var generator = SystemRandomNumberGenerator()
    let lifetimes = try #require(
      Lifetimes(
        idleMilliseconds: idle.components.seconds * 1000, absoluteMilliseconds: absolute.components.seconds * 1000))
    let openings = subjects.map { subject in
      OpeningStep.Opening(
        id: SessionID(from: &generator),
        grant: SessionGrant(subject: subject, client: client, scope: "read", lifetimes: lifetimes),
        attempt: Attempt.newID())
    }
    let answer = try OpeningStep.run(openings, on: connection, deadline: .long)
    return openings.compactMap { answer.session($0.id) }
  }

  /// Refreshes a session, as its client does with the newest token.
  func rotate(_ token: TokenID, client: String = "app", grace: Duration = .zero) throws -> Rotation {
    var request = RotationRequest(token: token, client: client)
    request.graceMilliseconds = grace.components.seconds * 1000
    try connection.raiseLimits(for: [request], deadline: .long)
    let presentation = SlowRotation.Presentation(
      request: request, attempt: Attempt(id: Attempt.newID(), isRetry: false))
    return try SlowRotation.run([presentation], on: connection, deadline: .long).0[0]
  }

  @discardableResult
  func revoke(_ session: SessionID) throws -> Bool {
    try RevokingSteps.session(
      session, attempt: Attempt(id: Attempt.newID(), isRetry: false), on: connection, deadline: .long)
  }

  func revoke(subject: String, client: String? = nil) throws -> Int {
    try RevokingSteps.subject(
      subject, client: client, attempt: Attempt(id: Attempt.newID(), isRetry: false), on: connection, deadline: .long)
  }

  func revokeWide(client: String? = nil) throws {
    try RevokingSteps.wide(client: client, on: connection, deadline: .long)
  }

  /// Whether an access token of the session that was issued now would be refused here.
  func refuses(_ session: Session, issuedAt: Timestamp? = nil) -> Bool {
    register.isRefused(
      session.tokenID, subject: session.subject, client: session.client,
      issuedAt: (issuedAt ?? session.refreshedAt).seconds)
  }
}

/// Notices in the order in which they were told.
final class ToldNotices: Sendable {
  private let notices = Mutex<[LedgerNotice]>([])

  var note: @Sendable (LedgerNotice) -> Void {
    { notice in self.notices.withLock { $0.append(notice) } }
  }

  var all: [LedgerNotice] { notices.withLock { $0 } }
}

extension ContinuousClock.Instant {
  /// When a test that hangs is given up.
  static var long: ContinuousClock.Instant { .now + .seconds(60) }
}

extension TestedDatabase {
  /// A database with an empty ledger in it.
  static func withLedger(on server: TestedServer? = nil) async throws -> TestedDatabase {
    let database = try await make(on: server)
    try await BlockingWork.run { () throws(any Error) in
      let connection = try database.connect()
      defer { connection.close() }
      _ = try DatabaseSchema.install(
        SchemaName("refresh_ledger"), issuer: "https://issuer.test", on: connection, deadline: .long)
    }
    return database
  }

  /// Runs statements in the ledger's schema.
  func executeInLedger(_ sql: String) throws {
    try execute("set search_path to refresh_ledger; \(sql)")
  }

  /// The one value of one row, of tables with the schema's name before theirs.
  func number(_ sql: String) throws -> Int { Int(try value(sql) ?? "") ?? -1 }
}
#endif
