#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// What is still known of sessions, also when their rows are gone.
@Suite(.fewAtOnce, .serialized) struct HistoryTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let instance: TestedInstance

  init() async throws {
    database = try await TestedDatabase.withLedger()
    instance = try TestedInstance(database, TestedInstance.options(clock))
  }

  private func history(_ id: SessionID, _ limits: HistoryLimits = HistoryLimits()) throws -> SessionHistory {
    try HistoryReading(limits, instance.knowledge.clock.shifts).history(of: id, instance.connection, deadline: .long)
  }

  private func ended(_ subject: String, _ limits: HistoryLimits = HistoryLimits()) throws -> EndedSessions {
    try HistoryReading(limits, instance.knowledge.clock.shifts).endedSessions(
      ofSubject: subject, instance.connection, deadline: .long)
  }

  private func rotated(_ session: Session) throws -> Session {
    guard case .rotated(let next) = try instance.rotate(session.tokenID) else { throw TestedServerRefusal() }
    return next
  }

  private struct TestedServerRefusal: Error {}

  /// Removes the rows of what has ended, as time does.
  private func sweep() throws {
    clock.pass(.seconds(100_000))
    #expect(try LedgerSweep.pass(instance.connection, deadline: .long).sessions > 0)
    #expect(try database.number("select count(*) from refresh_ledger.session") == 0)
  }

  @Test func aHistoryTellsAllThatHappenedToOneSession() throws {
    var session = try instance.open("anna")
    try instance.open("boris")
    for _ in 0..<3 {
      clock.pass(.seconds(10))
      session = try rotated(session)
    }
    let replayed = TokenID(session: session.id, generation: 1)
    guard case .refused(.reused) = try instance.rotate(replayed) else { return #expect(Bool(false)) }
    let history = try history(session.id)
    let kinds = history.events.map(\.fact)
    #expect(kinds.count == 5)
    guard case .opened(let first, "anna", "app", "read", nil) = kinds.first, first.generation == 0,
      case .reused(replayed, _, _, _, generationsBehind: 2, revokedSession: true) = kinds.last
    else {
      Issue.record("\(kinds)")
      return
    }
    #expect(history.omittedCount == 0 && history.extent.isWhole)
    #expect(history.session?.generation == 3)
  }

  @Test func theSessionIsKnownWhenItsRowIsGone() throws {
    let session = try rotated(instance.open("anna", idle: .seconds(600)))
    let live = try history(session.id).session
    try sweep()
    let gone = try history(session.id)
    #expect(gone.session?.expiresAt == live?.expiresAt && gone.session?.scope == live?.scope)
    #expect(gone.session?.generation == 1)
    #expect(gone.session?.refreshedAt == session.refreshedAt)
    guard case .expired? = gone.events.last?.fact else {
      Issue.record("\(gone.events)")
      return
    }
    #expect(gone.events.last?.time == session.expiresAt)
  }

  @Test func aLongHistoryTellsItsBeginningAndItsEnd() throws {
    var session = try instance.open("anna")
    for _ in 0..<20 { session = try rotated(session) }
    let history = try history(session.id, HistoryLimits(toldMax: 5))
    #expect(history.events.count == 5)
    #expect(history.omittedCount == 16)
    guard case .opened = history.events.first?.fact, case .rotated(session.tokenID, _, _) = history.events.last?.fact
    else {
      Issue.record("\(history.events)")
      return
    }
  }

  @Test func anUnknownSessionHasNone() throws {
    var generator = SystemRandomNumberGenerator()
    let history = try history(SessionID(from: &generator))
    #expect(history.session == nil && history.events.isEmpty)
  }

  @Test func aBeginningThatWasDroppedIsToldAsMissed() throws {
    let session = try rotated(instance.open("anna"))
    try database.executeInLedger("delete from event where kind = 1")
    let history = try history(session.id)
    #expect(history.events.first?.fact == .missed(from: 1))
    #expect(history.session?.subject == "anna")
  }

  @Test(arguments: [false, true])
  func endedSessionsSayHowTheyEnded(isSwept: Bool) throws {
    let expired = try instance.open("anna", idle: .seconds(60))
    clock.pass(.seconds(1))
    let revoked = try instance.open("anna")
    let replayed = try rotated(instance.open("anna"))
    clock.pass(.seconds(1))
    try instance.revoke(revoked.id)
    clock.pass(.seconds(1))
    _ = try instance.rotate(TokenID(session: replayed.id, generation: 0))
    clock.pass(.seconds(100))
    let (covered, other) = (try instance.open("anna"), try instance.open("boris"))
    clock.pass(.seconds(1))
    try instance.revokeWide(client: "app")
    let live = try instance.open("anna", idle: .seconds(86_400))
    if isSwept {
      clock.pass(.seconds(7200))
      while try LedgerSweep.pass(instance.connection, deadline: .long) != LedgerSweep.Pass() {}
      #expect(try database.number("select count(*) from refresh_ledger.session") == 1)
    }
    let ended = try ended("anna")
    #expect(ended.sessions.map(\.session.id) == [covered.id, expired.id, replayed.id, revoked.id])
    #expect(
      ended.sessions.map(\.end) == [
        .revokedAll(.client("app")), .expired, .revoked(.reuse), .revoked(.requested),
      ])
    #expect(ended.sessions[1].endedAt == expired.expiresAt)
    #expect(try self.ended("boris").sessions.map(\.session.id) == [other.id])
    #expect(!ended.sessions.contains { $0.session.id == live.id })
  }

  @Test func manyEndedSessionsAreToldUpToALimit() throws {
    for _ in 0..<7 { try instance.revoke(instance.open("anna").id) }
    let ended = try ended("anna", HistoryLimits(toldMax: 3))
    #expect((ended.sessions.count, ended.omittedCount) == (3, 4))
  }

  @Test func timesAreThoseThatClocksShowedAlsoUnderAShift() throws {
    let session = try instance.open("anna")
    let before = clock.now
    clock.pass(.milliseconds(1))
    clock.set(byMilliseconds: -3000)
    try instance.reconnect()
    try instance.look()
    try instance.revoke(session.id)
    let times = try history(session.id).events.map(\.time)
    #expect(times == [before, clock.now])
  }

  @Test func everyFactIsReadBackAsItWasWritten() throws {
    let token = TokenID(session: try instance.open("anna").id, generation: 3)
    let time = Timestamp(milliseconds: 1_900_000_000_123)
    let facts: [AuditEvent.Fact] = [
      .opened(token, subject: "s", client: "c", scope: "a b", label: "phone"),
      .opened(token, subject: "", client: "", scope: "", label: nil),
      .rotated(token, subject: "s", client: "c"), .refreshed(token, subject: "s", client: "c"),
      .retried(token, subject: "s", client: "c", .retry), .successorSeen(token, subject: "s", client: "c"),
      .reused(token, subject: "s", client: "c", .staleLineage, generationsBehind: .max, revokedSession: true),
      .revoked(token.session, subject: "s", client: "c", .evicted), .revokedAll(.all), .revokedAll(.subject("s")),
      .revokedAll(.client("")), .revokedAll(.subjectAtClient(subject: "s", client: "c")),
      .accessRevoked(token, until: time), .expired(sessions: 3, oneTimeTokens: 4),
      .oneTimeIssued(token.session, subject: "s", purpose: "reset"),
      .oneTimeConsumed(token.session, subject: "s", purpose: "reset"),
    ]
    let rows = facts.compactMap { EventRow($0, at: time, shift: 2) }
    #expect(rows.count == facts.count)
    let answer = try instance.connection.step([EventRow.insertion(of: rows)], deadline: .long)
    let last = try answer.rows[0].int64(0, 0)
    let batch = try EventReading.batch(
      after: last - Int64(facts.count), through: last, instance.connection, deadline: .long)
    #expect(batch.events.map(\.fact) == facts)
    #expect(batch.events.allSatisfy { $0.time == time.shifted(back: 2) })
  }
}
#endif
