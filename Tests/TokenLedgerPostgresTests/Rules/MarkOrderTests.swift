#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// A mark comes after every step that was under way, in its number and in its time.
@Suite(.fewAtOnce, .serialized) struct MarkOrderTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let one: TestedInstance

  init() async throws {
    database = try await TestedDatabase.withLedger()
    one = try TestedInstance(database, TestedInstance.options(clock))
  }

  /// How many of the ledger's connections wait for an advisory lock.
  private func waitingCount() throws -> Int {
    try database.number("select count(*) from pg_locks where locktype = 'advisory' and not granted")
  }

  @Test func aMarkWaitsForAStepThatIsUnderWayAndCoversWhatItOpens() throws {
    // By the database's own clock, which goes on while the mark waits.
    let (slow, other) = (
      try TestedInstance(database, TestedInstance.options()), try TestedInstance(database, TestedInstance.options())
    )
    let number = try slow.connection.begin([query("select nextval('ledger_number')")], deadline: .long).rows[0].int64(
      0, 0)
    let database = database
    let marking = try Beside {
      let instance = try TestedInstance(database, TestedInstance.options())
      try instance.revokeWide()
    }
    while try waitingCount() == 0 {}
    // The time of what the step issues, after the mark was asked for.
    let rows = try slow.connection.finish(
      [query("select (extract(epoch from clock_timestamp()) * 1000)::int8"), Query(LedgerSQL.barrierStatement)],
      deadline: .long)
    let issued = try rows[0].int64(0, 0)
    try marking.answer()
    let mark = try database.rows("select number, at_ms from refresh_ledger.mark")[0]
    #expect(try #require(Int64(mark[0] ?? "")) > number)
    #expect(try #require(Int64(mark[1] ?? "")) > issued)
    // What is opened from then on is not covered.
    let session = try other.open("anna")
    #expect(try ReadingSteps.session(session.id, on: other.connection, deadline: .long) != nil)
  }

  @Test func aMarkThatWouldHaveToWaitForLongerThanASecondHasChangedNothing() throws {
    _ = try one.connection.begin([], deadline: .long)
    let other = try TestedInstance(database, TestedInstance.options(clock))
    let error = #expect(throws: DatabaseError.self) { try other.revokeWide() }
    #expect(error?.kind == .nothingHappened("55P03"))
    #expect(try database.number("select count(*) from refresh_ledger.mark") == 0)
    _ = try one.connection.finish([], deadline: .long)
    try other.revokeWide()
  }

  @Test func aStepThatStandsOpenIsEndedByTheServerAndHoldsUpNobodyForGood() throws {
    let one = try TestedInstance(database, TestedInstance.options(clock), endsIdleSteps: true)
    let session = try one.open("anna")
    _ = try LockedStep(.ids([session.id]), on: one.connection, deadline: .long)
    let other = try TestedInstance(database, TestedInstance.options(clock))
    while true {
      do {
        try other.revokeWide()
        break
      } catch let error as DatabaseError where error.kind == .nothingHappened("55P03") {
        continue
      }
    }
    #expect(throws: DatabaseError.self) {
      try one.connection.finish([Query(LedgerSQL.barrierStatement)], deadline: .long)
    }
    #expect(try database.value("select status from refresh_ledger.session") == "1")
  }

  @Test func theEndOfASubjectsOlderSessionsRefusesNoAccessTokenOfTheOthers() throws {
    var generator = SystemRandomNumberGenerator()
    func open(_ version: AccountVersion) throws -> Session {
      let grant = SessionGrant(
        subject: "anna", client: "app", scope: "",
        lifetimes: Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000)!,
        subjectVersion: version, accessMilliseconds: 60_000)
      let opening = OpeningStep.Opening(id: SessionID(from: &generator), grant: grant, attempt: Attempt.newID())
      try one.connection.raiseLimits(accessMilliseconds: 60_000, graceMilliseconds: 0, deadline: .long)
      let answer = try OpeningStep.run([opening], on: one.connection, deadline: .long)
      return try #require(answer.session(opening.id))
    }
    let (old, new) = (try open(AccountVersion("old")), try open(AccountVersion("new")))
    let ended = try RevokingSteps.outdated(
      subject: "anna", version: AccountVersion("new"), orBefore: nil, attempt: Attempt(id: 7, isRetry: false),
      on: one.connection, deadline: .long)
    #expect(ended == [old.id])
    #expect(one.refuses(old) && !one.refuses(new))
    #expect(try database.number("select count(*) from refresh_ledger.revocation where kind = 3") == 0)
  }

  @Test func aTimeOfARevocationThatIsDamagedStopsNoOther() throws {
    let (anna, boris) = (try one.open("anna"), try one.open("boris"))
    try database.executeInLedger(
      """
      alter table revocation drop constraint revocation_at_ms_check, drop constraint revocation_until_ms_check;
      insert into revocation(number, at_ms, until_ms, kind, subject) values (1, \(Int64.max), \(Int64.max), 3, 'carla')
      """)
    #expect(try one.revoke(subject: "anna") == 1)
    try one.revokeWide(client: "app")
    #expect(one.refuses(anna) && one.refuses(boris))
    try one.look()
    #expect(try !one.refuses(one.open("dora")))
  }

  @Test(arguments: [(1 << 31) - 1, (1 << 41) + 5, (1 << 55) - 3])
  func numbersMayBeAsLargeAsTheyGet(last: Int) throws {
    try database.executeInLedger("select setval('ledger_number', \(last))")
    let other = try TestedInstance(database, TestedInstance.options(clock))
    try other.look()
    let session = try one.open("anna")
    guard case .rotated = try one.rotate(session.tokenID) else {
      Issue.record("the refresh was refused")
      return
    }
    try one.revoke(session.id)
    try other.look()
    #expect(other.refuses(session))
    #expect(try EventReading.floor(other.connection, deadline: .long).floor > Int64(last))
    // The floor is exact while a step is under way.
    let place = try EventReading.floor(other.connection, deadline: .long).last
    _ = try one.connection.begin([query("select nextval('ledger_number')")], deadline: .long)
    #expect(try EventReading.floor(other.connection, deadline: .long).floor == place)
    _ = try one.connection.finish([], deadline: .long)
    #expect(try EventPartitions.makeAhead(other.connection, deadline: .long))
  }

  @Test func aSessionWhoseGenerationsAreUsedUpIsRefreshedNoMore() async throws {
    let fixture = try await LedgerFixture()
    try await fixture.withLedger { ledger in
      let (last, beside) = (try await ledger.open("ann"), try await ledger.open("boris"))
      try fixture.execute("update session set generation = 4294967295 where subject = 'ann'")
      async let exhausted = ledger.rotate(TokenID(session: last.id, generation: .max))
      async let granted = ledger.rotate(beside.tokenID)
      #expect(try await granted.granted?.generation == 1)
      #expect(try await exhausted.refusal != nil)
      #expect(try fixture.value("select generation from ledger.session where subject = 'ann'") == "4294967295")
    }
  }
}
#endif
