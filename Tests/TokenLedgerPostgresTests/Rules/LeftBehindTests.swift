#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// An old primary that goes on by itself does not get to decide for an instance that has seen the next one.
@Suite(.fewAtOnce, .serialized) struct LeftBehindTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase

  init() async throws { database = try await TestedDatabase.withLedger() }

  private func refusal(of instance: TestedInstance) -> String? {
    do {
      try instance.connector.connect(deadline: .long).database.close()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func aServerOfAnEarlierTimelineIsRefused() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.withLedger(on: server)
    try await BlockingWork.run { () throws(any Error) in
      try server.restartOnNextTimeline()
      let instance = try TestedInstance(database, TestedInstance.options())
      #expect(instance.connection.facts.timeline == 2)
      // The ledger's row of a server that says it is ahead of the server it is on: files of two servers.
      try database.executeInLedger("update ledger set timeline = 7")
      #expect(refusal(of: instance)?.contains("timeline 2 and the ledger was on 7") == true)
    }
  }

  @Test func aConnectionOfBeforeThePromotionAsksNothingMoreOnceTheNextPrimaryWasSeen() throws {
    let instance = try TestedInstance(database, TestedInstance.options(clock))
    let session = try instance.open("anna")
    let (beginning, looking) = (try instance.another(), try instance.another())
    // Another connection of the instance has found the next primary; this one's server goes on and would answer.
    let facts = instance.connection.facts
    instance.knowledge.witness.remember(server: facts.server, timeline: facts.timeline + 1, fence: facts.fence)
    #expect(throws: DatabaseError.self) { try instance.rotate(session.tokenID) }
    #expect(!instance.connection.database.isOpen)
    #expect(throws: DatabaseError.self) { try beginning.begin([], deadline: .long) }
    #expect(!beginning.database.isOpen)
    let query = Query(Statement(name: "one", sql: "select 1"))
    #expect(throws: DatabaseError.self) { try looking.look(query, deadline: .long) }
    #expect(!looking.database.isOpen)
    #expect(refusal(of: instance)?.contains("old primary") == true)
    #expect(try database.number("select generation from refresh_ledger.session") == 0)
  }

  @Test func noSessionsAreCountedOrListedByAServerThatWasLeftBehind() throws {
    for asks in [Self.count, Self.holders] {
      let instance = try TestedInstance(database, TestedInstance.options(clock))
      let facts = instance.connection.facts
      try asks(instance)
      instance.knowledge.witness.remember(server: facts.server, timeline: facts.timeline + 1, fence: facts.fence)
      #expect(throws: DatabaseError.self) { try asks(instance) }
      #expect(!instance.connection.database.isOpen)
    }
  }

  private static func count(_ instance: TestedInstance) throws {
    _ = try ReadingSteps.count(of: .all, on: instance.connection, deadline: .long)
  }

  private static func holders(_ instance: TestedInstance) throws {
    var holders = SessionHolders(subjects: [], clients: [])
    _ = try ReadingSteps.holders(after: nil, into: &holders, on: instance.connection, deadline: .long)
  }

  @Test func aStartTakesThePrimaryOfTheGreatestTimelineAndNotTheFirst() async throws {
    let next = try await TestedServer.start()
    defer { next.end() }
    try await BlockingWork.run { () throws(any Error) in try next.restartOnNextTimeline() }
    let promoted = try await TestedDatabase.withLedger(on: next)
    let address = try DatabaseAddress(
      "host=127.0.0.1,127.0.0.1 port=\(database.server.port),\(next.port) user=postgres dbname=\(database.name)")
    try await BlockingWork.run { () throws(any Error) in
      try next.execute("alter database \(promoted.name) rename to \(database.name)")
      let setting = try LedgerSetting(options: TestedInstance.options())
      // Also where the first connection looks at no ledger, as that of a command.
      let look = try Connector(address, setting: setting).connectToPrimary(deadline: .long)
      defer { look.close() }
      let connector = Connector(address, setting: setting)
      for _ in 0..<2 {
        let connection = try connector.connect(deadline: .long)
        defer { connection.database.close() }
        #expect((connection.host, connection.facts.timeline) == (1, 2))
      }
      let timeline = Statement(name: "timeline", sql: "select \(LedgerSQL.timeline)")
      #expect(try look.transaction([Query(timeline)], deadline: .long)[0].int64(0, 0) == 2)
      // Without it the other one serves, as no later timeline was seen.
      next.shutDown(.fast)
      let other = try Connector(address, setting: setting).connect(deadline: .long)
      defer { other.database.close() }
      #expect((other.host, other.facts.timeline) == (0, 1))
    }
  }

  @Test func aTimelineThatIsNewToTheLedgerIsWrittenAndAdvancesTheNumbersOnce() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.withLedger(on: server)
    try await BlockingWork.run { () throws(any Error) in
      let instance = try TestedInstance(database, TestedInstance.options())
      let session = try instance.open("anna")
      let before = try database.number("select last_value from refresh_ledger.ledger_number")
      try server.restartOnNextTimeline()
      try instance.reconnect()
      let after = try database.number("select last_value from refresh_ledger.ledger_number")
      #expect(after >= before + FeedQueries.numbersSkipped)
      #expect(try database.number("select timeline from refresh_ledger.ledger") == 2)
      let other = try TestedInstance(database, TestedInstance.options())
      #expect(try database.number("select last_value from refresh_ledger.ledger_number") == after)
      guard case .rotated = try other.rotate(session.tokenID) else {
        Issue.record("the refresh was refused")
        return
      }
    }
  }
}
#endif
