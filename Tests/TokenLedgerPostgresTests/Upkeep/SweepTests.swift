#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

@Suite(.fewAtOnce, .serialized) struct SweepTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let instance: TestedInstance

  init() async throws {
    database = try await TestedDatabase.withLedger()
    instance = try TestedInstance(database, TestedInstance.options(clock))
  }

  private func sweep() throws -> LedgerSweep.Pass { try LedgerSweep.pass(instance.connection, deadline: .long) }

  private func sessionCount() throws -> Int { try database.number("select count(*) from refresh_ledger.session") }

  @Test func whatHasEndedIsRemovedAndLiveRowsStay() throws {
    try instance.open("ended", idle: .seconds(60))
    let live = try instance.open("live", idle: .seconds(3600))
    clock.pass(.seconds(60 + 121))
    #expect(try sweep().sessions == 1)
    #expect(try sessionCount() == 1)
    #expect(try ReadingSteps.session(live.id, on: instance.connection, deadline: .long)?.subject == "live")
  }

  @Test func anEndedRowOutlivesItsEndByTwoMinutes() throws {
    try instance.open("ended", idle: .seconds(60))
    clock.pass(.seconds(60 + 119))
    #expect(try sweep() == LedgerSweep.Pass())
    #expect(try sessionCount() == 1)
  }

  @Test func aSessionThatWasRefreshedIsLookedAtWhenItEndsAnew() throws {
    let session = try instance.open("refreshed", idle: .seconds(600))
    clock.pass(.seconds(500))
    guard case .rotated = try instance.rotate(session.tokenID) else { return #expect(Bool(false)) }
    clock.pass(.seconds(100 + 121))
    let pass = try sweep()
    #expect((pass.sessions, pass.moved) == (0, 1))
    // Nobody looks at it again before that.
    #expect(try sweep() == LedgerSweep.Pass())
    clock.pass(.seconds(500))
    #expect(try sweep().sessions == 1)
  }

  @Test func theEndOfSessionsIsToldAsOneEvent() throws {
    try instance.openAll(["a", "b", "c"], idle: .seconds(60))
    let revoked = try instance.open("d", idle: .seconds(60))
    try instance.revoke(revoked.id)
    clock.pass(.seconds(200))
    #expect(try sweep().sessions == 4)
    let told = try database.rows("select sessions, one_time_tokens from refresh_ledger.event where kind = 10")
    #expect(told == [["3", "0"]])
    // And nothing where nothing has ended.
    _ = try sweep()
    #expect(try database.number("select count(*) from refresh_ledger.event where kind = 10") == 1)
  }

  @Test func oneStepTakesABoundedNumberOfRows() throws {
    try database.executeInLedger(
      """
      insert into session select decode(lpad(to_hex(n), 24, '0'), 'hex'), 0, 0, 0, 1, 1, n, 1, null, 1, 0, 0, 1, 0, false, 's', 'c', '',
        null, null from generate_series(1, 2500) n
      """)
    #expect(try [sweep().sessions, sweep().sessions, sweep().sessions, sweep().sessions] == [1000, 1000, 500, 0])
  }

  @Test func aRowThatSomebodyHoldsIsLeftForTheNextTime() throws {
    try instance.openAll(["held", "free"], idle: .seconds(60))
    clock.pass(.seconds(200))
    let other = try database.connect()
    defer { other.close() }
    _ = try other.run([
      Query(.begin), query("select from refresh_ledger.session where subject = 'held' for update"),
    ])
    #expect(try sweep().sessions == 1)
    other.close()
    while try sweep().sessions == 0 {}
    #expect(try sessionCount() == 0)
  }

  @Test func oneInstanceSweepsAtATime() throws {
    try instance.open("ended", idle: .seconds(60))
    clock.pass(.seconds(200))
    let other = try TestedInstance(database, TestedInstance.options(clock))
    _ = try other.connection.begin([query(LedgerSweep.gate)], deadline: .long)
    #expect(try sweep() == LedgerSweep.Pass())
    _ = try other.connection.finish([], deadline: .long)
    #expect(try sweep().sessions == 1)
  }

  @Test(arguments: [nil, "app"])
  func whatAWideRevocationEndedIsRemovedSoonAndWhatWasOpenedLaterStays(client: String?) throws {
    try instance.openAll(["a", "b"], client: "app")
    let other = try instance.open("c", client: "other")
    clock.pass(.seconds(120))
    try instance.revokeWide(client: client)
    let later = try instance.open("a", client: "app")
    #expect(try sweep().covered == (client == nil ? 3 : 2))
    #expect(try sweep().covered == 0)
    #expect(try sessionCount() == (client == nil ? 1 : 2))
    #expect(try ReadingSteps.session(later.id, on: instance.connection, deadline: .long) != nil)
    #expect(try (ReadingSteps.session(other.id, on: instance.connection, deadline: .long) != nil) == (client != nil))
    #expect(try database.value("select bool_and(swept is null) from refresh_ledger.mark") == "true")
    // The next mark is swept as well.
    clock.pass(.seconds(120))
    try instance.revokeWide(client: client)
    #expect(try sweep().covered > 0)
  }

  @Test func aRetryOfAnOpeningFindsWhatAWideRevocationHasEndedMeanwhile() throws {
    let opening = OpeningStep.Opening(id: .random(), grant: try .tested("ann"), attempt: 7)
    #expect(try OpeningStep.run([opening], on: instance.connection, deadline: .long).isOpened == [true])
    clock.pass(.seconds(119))
    try instance.revokeWide(client: nil)
    while try sweep() != LedgerSweep.Pass() {}
    #expect(try OpeningStep.run([opening], on: instance.connection, deadline: .long).isOpened == [true])
    #expect(try database.number("select count(*) from refresh_ledger.event where kind = 1") == 1)
    #expect(try ReadingSteps.session(opening.id, on: instance.connection, deadline: .long) == nil)
  }

  @Test(arguments: [nil, "c"])
  func theSessionsOfAWideRevocationAreWalkedThroughOnceInBoundedSteps(client: String?) throws {
    try database.executeInLedger(
      """
      insert into session select decode(lpad(to_hex(n), 24, '0'), 'hex'), 0, 0, 0, 1000, 1000, nextval('ledger_number'), 9000000000000,
        null, 1, 0, 0, 1, 0, false, 's', case n % 2 when 0 then 'c' else 'd' end, '', null, null from generate_series(1, 5000) n
      """)
    try instance.revokeWide(client: client)
    var steps: [Int] = []
    while true {
      let pass = try sweep()
      steps.append(pass.covered)
      guard pass.isFull else { break }
    }
    #expect(steps == (client == nil ? [2000, 2000, 1000] : [2000, 500]))
    #expect(try sessionCount() == (client == nil ? 0 : 2500))
    #expect(try sweep() == LedgerSweep.Pass())
  }

  @Test func oneTimeTokensAndRevocationsGoWithTheirEnd() throws {
    let attempt = Attempt(id: 1, isRetry: false)
    let ids = (0..<3).map { _ in
      var generator = SystemRandomNumberGenerator()
      return SessionID(from: &generator)
    }
    for id in ids {
      let grant = OneTimeGrant(
        purpose: "reset", subject: "anna", payload: [], lifetimeMilliseconds: id == ids[2] ? 3_600_000 : 60_000)
      _ = try OneTimeSteps.issue(grant, id: id, attempt: attempt, on: instance.connection, deadline: .long)
    }
    _ = try OneTimeSteps.consume(ids[0], purpose: "reset", attempt: attempt, on: instance.connection, deadline: .long)
    try instance.revoke(instance.open("anna", access: .seconds(60)).id)
    #expect(try database.number("select count(*) from refresh_ledger.revocation") == 1)
    clock.pass(.seconds(60 + 300 + 60 + 200))
    let pass = try sweep()
    #expect((pass.oneTimeTokens, pass.revocations) == (2, 1))
    #expect(try database.number("select count(*) from refresh_ledger.one_time_token") == 1)
    #expect(
      try database.rows("select sessions, one_time_tokens from refresh_ledger.event where kind = 10") == [["0", "1"]])
  }
}
#endif
