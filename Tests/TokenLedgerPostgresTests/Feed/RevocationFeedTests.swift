#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// What one instance revokes, as the feed of another one hears of it.
@Suite(.fewAtOnce, .serialized) struct RevocationFeedTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let one: TestedInstance
  private let other: TestedInstance

  init() async throws {
    database = try await TestedDatabase.withLedger()
    (one, other) = (
      try TestedInstance(database, TestedInstance.options(clock)),
      try TestedInstance(database, TestedInstance.options(clock))
    )
    try other.look()
  }

  @Test func aSessionThatOneInstanceRevokesIsRefusedByTheOther() throws {
    let (revoked, live) = (try one.open("anna"), try one.open("anna"))
    #expect(try one.revoke(revoked.id))
    // The one that revokes knows it before it answers.
    #expect(one.refuses(revoked))
    #expect(!other.refuses(revoked))
    try other.look()
    #expect(other.refuses(revoked))
    #expect(!other.refuses(live))
  }

  @Test func anAccessTokenASubjectAClientAndAllAreRefusedToo() throws {
    let session = try one.open("anna", client: "app")
    let (samesubject, sameClient) = (try one.open("anna", client: "web"), try one.open("boris", client: "app"))
    let stranger = try one.open("clara", client: "web")
    let (end, second) = (clock.now.advanced(byMilliseconds: 900_000), Duration.seconds(1))
    try RevokingSteps.access(stranger.tokenID, until: end, on: one.connection, deadline: .long)
    try other.look()
    #expect(other.refuses(stranger))
    #expect(!other.refuses(session))
    clock.pass(second)
    #expect(try one.revoke(subject: "anna", client: "app") == 1)
    try other.look()
    #expect(other.refuses(session))
    #expect(!other.refuses(samesubject) && !other.refuses(sameClient))
    #expect(try one.revoke(subject: "anna") == 1)
    try other.look()
    #expect(other.refuses(samesubject))
    #expect(!other.refuses(sameClient))
    try one.revokeWide(client: "app")
    try other.look()
    #expect(other.refuses(sameClient))
    let last = try one.open("dora", client: "web")
    try one.revokeWide()
    try other.look()
    #expect(other.refuses(last))
  }

  @Test func aLogInAfterTheEndOfAllSessionsOfASubjectIsGoodAtOnceEverywhere() throws {
    let before = try one.open("anna")
    #expect(try one.revoke(subject: "anna") == 1)
    // In the same millisecond: its token says no more than its second.
    let after = try one.open("anna")
    try other.look()
    #expect(other.refuses(before) && one.refuses(before))
    #expect(!other.refuses(after) && !one.refuses(after))
    // Until the next revocation, which ends it.
    #expect(try one.revoke(subject: "anna") == 1)
    try other.look()
    #expect(other.refuses(after) && one.refuses(after))
  }

  @Test func aMarkCoversWhatWasIssuedBeforeItInTheSameSecond() throws {
    let session = try one.open("anna")
    guard case .rotated(let rotated) = try one.rotate(session.tokenID) else { return #expect(Bool(false)) }
    try one.revokeWide(client: "app")
    try other.look()
    #expect(other.refuses(rotated, issuedAt: clock.now))
    let marks = try database.rows("select at_ms from refresh_ledger.revocation where kind = 3")
    #expect(try #require(Int64(marks[0][0] ?? "")) > clock.now.milliseconds)
  }

  @Test func everyRowThatIsVisibleAppliesAtOnceAlsoAboveTheFloor() throws {
    let held = try one.open("held")
    // A step that began before takes a lower number, and is not over.
    let slow = try TestedInstance(database, TestedInstance.options(clock))
    _ = try slow.connection.begin([query("select nextval('ledger_number')")], deadline: .long)
    let revoked = try one.open("anna")
    try one.revoke(revoked.id)
    try other.look()
    #expect(other.refuses(revoked))
    // The one with the lower number is heard of as well, although the other one was read already.
    _ = try slow.connection.finish(
      [
        RevocationRow.insertion(of: [
          RevocationRow(time: clock.now, until: clock.now.advanced(byMilliseconds: 900_000), kind: .session(held.id))
        ])
      ], deadline: .long)
    try database.executeInLedger("update revocation set number = 2 where session = '\\x\(held.id.bytes.hexText)'")
    #expect(!other.refuses(held))
    try other.look()
    #expect(other.refuses(held))
  }

  @Test func aCursorThatGoesByNumberAloneWouldMissIt() throws {
    // The self-test of the one before: it would pass with any cursor if its row were above what was read.
    let slow = try TestedInstance(database, TestedInstance.options(clock))
    _ = try slow.connection.begin([query("select nextval('ledger_number')")], deadline: .long)
    let revoked = try one.open("anna")
    try one.revoke(revoked.id)
    let greatest = try database.number("select max(number) from refresh_ledger.revocation")
    try database.executeInLedger(
      "insert into revocation values (2, 0, \(clock.now.milliseconds + 900_000), 1, '\\x\(revoked.id.bytes.hexText)')")
    _ = try slow.connection.finish([], deadline: .long)
    let missed = try database.number("select count(*) from refresh_ledger.revocation where number <= \(greatest)")
    let found = try database.number("select count(*) from refresh_ledger.revocation where number > \(greatest)")
    #expect((missed, found) == (2, 0))
  }

  @Test func moreThanOneLookReadsIsReadInOneGo() throws {
    let sessions = try one.openAll((0..<50).map { "s\($0)" })
    try database.executeInLedger(
      """
      insert into revocation select nextval('ledger_number'), 0, \(clock.now.milliseconds + 900_000), 1,
        decode(lpad(to_hex(n), 24, '0'), 'hex') from generate_series(1, \(2 * FeedQueries.revocationsMax + 7)) n
      """)
    for session in sessions { try one.revoke(session.id) }
    try other.look()
    #expect(other.register.entryCount == 2 * FeedQueries.revocationsMax + 7 + sessions.count)
    #expect(sessions.allSatisfy { other.refuses($0) })
  }

  @Test func aStepUnderWayHoldsBackNoneOfManyRowsAboveTheFloor() throws {
    let held = try one.open("held")
    let slow = try TestedInstance(database, TestedInstance.options(clock))
    _ = try slow.connection.begin([query("select nextval('ledger_number')")], deadline: .long)
    let number = try database.number("select last_value from refresh_ledger.ledger_number")
    let count = 2 * FeedQueries.revocationsMax + 7
    try database.executeInLedger(
      """
      insert into revocation select nextval('ledger_number'), 0, \(clock.now.milliseconds + 900_000), 1,
        decode(lpad(to_hex(n), 24, '0'), 'hex') from generate_series(1, \(count)) n
      """)
    let revoked = try one.open("anna")
    try one.revoke(revoked.id)
    try other.look()
    #expect(other.register.entryCount == count + 1)
    #expect(other.refuses(revoked))
    // What the step under way writes has a number below all these, and is heard of once it is over.
    let row = RevocationRow(
      time: clock.now, until: clock.now.advanced(byMilliseconds: 900_000), kind: .session(held.id))
    _ = try slow.connection.finish([RevocationRow.insertion(of: [row])], deadline: .long)
    try database.executeInLedger(
      "update revocation set number = \(number) where session = '\\x\(held.id.bytes.hexText)'")
    #expect(!other.refuses(held))
    try other.look()
    #expect(other.refuses(held))
    #expect(other.register.entryCount == count + 2)
  }

  @Test func anEntryEndsWithTheLastAccessTokenOfItsSession() throws {
    let session = try one.open("anna", access: .seconds(600))
    try one.revoke(session.id)
    try other.look()
    // Within the grace of the last refresh, at most 300 s, the last pair may be answered again, with 600 s from then
    // on.
    clock.pass(.seconds(880))
    try other.look()
    other.register.forgetEnded(at: clock.now)
    #expect(other.refuses(session))
    clock.pass(.seconds(60))
    try other.look()
    other.register.forgetEnded(at: clock.now)
    #expect(other.register.entryCount == 0)
    #expect(!other.refuses(session))
  }

  @Test func aRevocationThatConcernsNoAccessTokenAnyMoreIsNotWritten() throws {
    let session = try one.open("anna", access: .seconds(600))
    clock.pass(.seconds(901))
    try one.revoke(session.id)
    #expect(try database.number("select count(*) from refresh_ledger.revocation") == 0)
    #expect(try ReadingSteps.session(session.id, on: one.connection, deadline: .long) == nil)
  }

  @Test func anInstanceThatStartsKnowsWhatWasRevokedBefore() throws {
    let session = try one.open("anna")
    try one.revoke(session.id)
    let late = try TestedInstance(database, TestedInstance.options(clock))
    try late.look()
    #expect(late.refuses(session))
  }

  @Test func numbersThatWentBackAreReadFromTheStart() throws {
    try one.openAll((0..<200).map { "s\($0)" })
    try other.look()
    // As on a primary that has not seen the numbers which its predecessor gave and took back.
    try database.executeInLedger("select setval('ledger_number', 20)")
    let session = try one.open("anna")
    try one.revoke(session.id)
    try other.look()
    #expect(other.refuses(session))
  }

  @Test func onATimelineThatIsNewEverythingIsReadAgain() throws {
    let session = try one.open("anna")
    try one.revoke(session.id)
    try other.look()
    // A row with a number below the cursor, as the numbers of a promoted server may be.
    let revoked = try one.open("boris")
    try database.executeInLedger(
      "insert into revocation values (1, 0, \(clock.now.milliseconds + 900_000), 1, '\\x\(revoked.id.bytes.hexText)')")
    try other.look()
    #expect(!other.refuses(revoked))
    other.rediscover { $0.timeline += 1 }
    try database.executeInLedger("update ledger set timeline = timeline + 1")
    try other.look()
    #expect(other.refuses(revoked))
  }
}

extension [UInt8] {
  var hexText: String {
    map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}
#endif
