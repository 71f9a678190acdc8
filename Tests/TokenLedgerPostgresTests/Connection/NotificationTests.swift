#if Postgres
import Platform
import PostgresTesting
import Testing
import TokenLedgerPostgres

@Suite(.fewAtOnce) struct NotificationTests {
  private let database: TestedDatabase
  private let listening: DatabaseConnection
  private let other: DatabaseConnection
  private let long = ContinuousClock.now + .seconds(120)

  init() async throws {
    database = try await TestedDatabase.make()
    listening = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
    other = try database.connect()
    try listening.simple("listen ledger", deadline: long)
  }

  private let notifies = query("select pg_notify('ledger', '')")

  @Test func aNotificationEndsTheWait() throws {
    try other.run([notifies])
    #expect(try listening.waitForNotification(until: long))
    // All that have come are taken.
    try other.run([query("select pg_notify('ledger', a::text) from generate_series(1, 5) a")])
    #expect(try listening.waitForNotification(until: long))
    #expect(try !listening.waitForNotification(until: .now))
  }

  @Test func aNotificationThatCameWithATransactionIsNotMissed() throws {
    try other.run([notifies])
    try listening.run([query("select 1")])
    #expect(try listening.waitForNotification(until: long))
    // Its own are heard too.
    try listening.run([query("select 1")], after: [notifies])
    #expect(try listening.waitForNotification(until: long))
  }

  @Test func theWaitEndsAtItsDeadline() throws {
    #expect(try !listening.waitForNotification(until: .now + .milliseconds(20)))
    #expect(try !listening.waitForNotification(until: .now - .seconds(1)))
    try listening.run([query("select 1")])
  }

  @Test func anotherThreadEndsTheWait() throws {
    let wakeUp = try WakeUp()
    #expect(DetachedThread { wakeUp.post() }.start() == 0)
    #expect(try !listening.waitForNotification(until: long, orWakeBy: wakeUp))
    // Any number of posts is one.
    for _ in 0..<100_000 { wakeUp.post() }
    #expect(try !listening.waitForNotification(until: long, orWakeBy: wakeUp))
    try other.run([notifies])
    #expect(try listening.waitForNotification(until: long, orWakeBy: wakeUp))
  }

  @Test func aConnectionThatBreaksEndsTheWait() throws {
    try other.run([query("select pg_terminate_backend(\(listening.backendProcessID))")])
    #expect(throws: DatabaseError.self) { try listening.waitForNotification(until: long) }
    #expect(!listening.isOpen)
  }
}
#endif
