#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// The grace window of a token closes when any instance sees an access token of its successor.
@Suite(.fewAtOnce, .serialized) struct SuccessorNoteTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let one: TestedInstance
  private let other: TestedInstance
  private let grace = Duration.seconds(30)

  init() async throws {
    database = try await TestedDatabase.withLedger()
    (one, other) = (
      try TestedInstance(database, TestedInstance.options(clock)),
      try TestedInstance(database, TestedInstance.options(clock))
    )
  }

  /// A session that was refreshed once, with a window that is open.
  private func refreshed() throws -> (first: TokenID, session: Session) {
    let opened = try one.open("anna")
    guard case .rotated(let session) = try one.rotate(opened.tokenID, grace: grace) else {
      throw LedgerError.unavailable("the first refresh is refused")
    }
    try other.look()
    return (opened.tokenID, session)
  }

  private func noteUse(_ session: Session, at instance: TestedInstance) {
    instance.register.noteUse(of: session.tokenID, issuedAt: clock.now.seconds, now: clock.now)
  }

  @Test func aSuccessorThatAnotherInstanceSawClosesTheWindow() throws {
    let (first, session) = try refreshed()
    guard case .retried = try one.rotate(first, grace: grace) else { return #expect(Bool(false)) }
    noteUse(session, at: other)
    try other.look()
    #expect(try database.value("select successor_seen from refresh_ledger.session") == "true")
    #expect(try database.number("select count(*) from refresh_ledger.event where kind = 5") == 1)
    #expect(
      try one.rotate(first, grace: grace)
        == .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: true)))
  }

  @Test func whatThisInstanceSawCountsBeforeItIsWritten() throws {
    let (first, session) = try refreshed()
    noteUse(session, at: one)
    #expect(
      try one.rotate(first, grace: grace)
        == .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: true)))
  }

  @Test func aUseIsWrittenOnce() throws {
    let (_, session) = try refreshed()
    for _ in 0..<3 {
      noteUse(session, at: other)
      try other.look()
    }
    noteUse(session, at: one)
    try one.look()
    #expect(try database.number("select count(*) from refresh_ledger.event where kind = 5") == 1)
  }

  @Test func aUseOfATokenThatIsSucceededItselfIsNotWritten() throws {
    let (_, session) = try refreshed()
    noteUse(session, at: other)
    guard case .rotated = try one.rotate(session.tokenID, grace: grace) else { return #expect(Bool(false)) }
    try other.look()
    #expect(try database.value("select successor_seen from refresh_ledger.session") == "false")
    #expect(try database.number("select count(*) from refresh_ledger.event where kind = 5") == 0)
  }

  @Test func aRowThatIsHeldIsWrittenAtALaterLook() throws {
    let (_, session) = try refreshed()
    noteUse(session, at: other)
    let holding = try database.connect()
    _ = try holding.run([Query(.begin), query("select from refresh_ledger.session for update")])
    try other.look()
    #expect(try database.value("select successor_seen from refresh_ledger.session") == "false")
    _ = try holding.run([Query(.commit)])
    try other.look()
    #expect(try database.value("select successor_seen from refresh_ledger.session") == "true")
  }

  @Test func whereNoInstanceAnswersWithAWindowNothingIsWritten() throws {
    let opened = try one.open("anna")
    guard case .rotated(let session) = try one.rotate(opened.tokenID) else { return #expect(Bool(false)) }
    try other.look()
    noteUse(session, at: other)
    #expect(other.register.notes.take(most: 10).isEmpty)
  }

  @Test func manyUsesAreAllWrittenInOneLook() throws {
    let sessions = try one.openAll((0..<30).map { "s\($0)" })
    guard case .rotated = try one.rotate(sessions[0].tokenID, grace: grace) else { return #expect(Bool(false)) }
    try other.look()
    try database.executeInLedger(
      """
      insert into session select decode(lpad(to_hex(n), 24, '0'), 'hex'), 1, \(clock.now.milliseconds), \(clock.now.milliseconds),
        60000, 60000, n, \(clock.now.milliseconds + 60_000), null, 1, 0, 0, 1, 0, false, 's', 'c', '', null, null
      from generate_series(1, 2500) n
      """)
    for number in 1...2500 {
      let id = SessionID(high: 0, low: UInt32(number))
      other.register.noteUse(
        of: TokenID(session: id, generation: 1), issuedAt: clock.now.seconds, now: clock.now)
    }
    try other.look()
    #expect(try database.number("select count(*) from refresh_ledger.session where successor_seen") == 2500)
  }

  @Test func whatCannotBeWrittenWaits() throws {
    let (_, session) = try refreshed()
    noteUse(session, at: other)
    other.connection.database.close()
    #expect(throws: DatabaseError.self) { try other.look() }
    try other.reconnect()
    try other.look()
    #expect(try database.value("select successor_seen from refresh_ledger.session") == "true")
  }
}
#endif
