#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// Rows of revocations that no instance writes, as a hand or a broken disk leaves them.
@Suite(.fewAtOnce, .serialized) struct DamagedRevocationTests {
  private let clock = SteppedClock()
  private let database: TestedDatabase
  private let one: TestedInstance
  private let other: TestedInstance
  private let told = ToldNotices()

  init() async throws {
    database = try await TestedDatabase.withLedger()
    (one, other) = (
      try TestedInstance(database, TestedInstance.options(clock)),
      try TestedInstance(database, TestedInstance.options(clock))
    )
    try other.look()
  }

  private func insert(_ kind: Int, session: Session?) throws -> Int {
    let id = session.map { "'\\x\($0.id.bytes.hexText)'" } ?? "null"
    try database.executeInLedger(
      "insert into revocation values (nextval('ledger_number'), 0, \(clock.now.milliseconds + 900_000), \(kind), \(id))"
    )
    return try database.number("select max(number) from refresh_ledger.revocation")
  }

  @Test func theTableTakesNone() throws {
    let session = try one.open("anna")
    #expect(throws: (any Error).self) { try insert(1, session: nil) }
    #expect(throws: (any Error).self) { try insert(2, session: session) }
    #expect(throws: (any Error).self) { try insert(3, session: session) }
    #expect(throws: (any Error).self) { try insert(4, session: nil) }
    #expect(throws: (any Error).self) {
      try database.executeInLedger("insert into revocation values (1, 0, \(Int64.max), 3)")
    }
    #expect(try database.number("select count(*) from refresh_ledger.revocation") == 0)
  }

  @Test func theyHoldUpNoOtherRowAndAreToldOnce() throws {
    let (token, revoked, live) = (try one.open("anna"), try one.open("boris"), try one.open("clara"))
    try database.executeInLedger("alter table revocation drop constraint revocation_of_kind")
    // Without its session nothing is known of the first, and of the second no less than its session.
    let number = try insert(1, session: nil)
    _ = try insert(2, session: token)
    try one.revoke(revoked.id)
    // Nobody listens yet: it is told to whoever does first.
    try other.look()
    other.knowledge.setNotice(told.note)
    #expect(other.refuses(revoked) && other.refuses(token))
    #expect(!other.refuses(live))
    guard case .damaged(let text) = told.all.first else {
      Issue.record("\(told.all)")
      return
    }
    #expect(text.contains("Row \(number) of the table `revocation`") && text.contains("Damaged rows after it: 1."))
    try one.revoke(live.id)
    try other.look()
    #expect(other.refuses(live))
    #expect(told.all.count == 1)
  }

  @Test func aboveTheFloorOfAStepUnderWayTheyAreToldOnceToo() throws {
    other.knowledge.setNotice(told.note)
    let slow = try TestedInstance(database, TestedInstance.options(clock))
    _ = try slow.connection.begin([query("select nextval('ledger_number')")], deadline: .long)
    try database.executeInLedger("alter table revocation drop constraint revocation_of_kind")
    _ = try insert(4, session: nil)
    try other.look()
    try other.look()
    #expect(told.all.count == 1)
    _ = try slow.connection.finish([], deadline: .long)
  }
}
#endif
