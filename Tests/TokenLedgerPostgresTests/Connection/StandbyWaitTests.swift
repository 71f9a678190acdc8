#if Postgres
import Platform
import PostgresTesting
import Testing
import TokenLedgerPostgres

/// A commit that waits for a standby which is not there, as after a partition.
@Suite(.fewAtOnce) struct StandbyWaitTests {
  @Test(arguments: [false, true]) func aCommitWhoseWaitIsEndedIsKeptAndUncertain(terminates: Bool) async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.make(on: server)
    try database.execute("create table kept (a int8)")
    let connection = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
    let id = connection.backendProcessID
    try server.configure("synchronous_standby_names", "missing")
    let ending = try Beside {
      let function = terminates ? "pg_terminate_backend" : "pg_cancel_backend"
      try database.wait(
        until: "select \(function)(pid) from pg_stat_activity where wait_event = 'SyncRep' and pid = \(id)", is: "true")
    }
    let error = connection.error(of: [query("insert into kept values (1)")])
    try ending.answer()
    #expect(error?.kind == (terminates ? .lost : .warned))
    #expect(connection.isOpen != terminates)
    #expect(try database.value("select count(*) from kept") == "1")
  }

  @Test func aCommitWaitsForItsStandbyAndForNothingElse() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let standby = try await BlockingWork.run { () throws(any Error) in try server.startStandby() }
    let database = try await TestedDatabase.make(on: server)
    try database.execute("create table kept (a int8)")
    standby.freeze()
    let address = database.address
    let committing = try Beside {
      try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
        .run([query("insert into kept values (1)")]).count
    }
    try database.wait(until: "select 1 from pg_stat_activity where wait_event = 'SyncRep'", is: "1")
    #expect(try database.value("select count(*) from kept") == "0")
    standby.thaw()
    #expect(try committing.answer() == 1)
    #expect(try database.value("select count(*) from kept") == "1")
    standby.end()
  }

  @Test func aCommitThatWaitsIsLostAtItsDeadlineAndHappensWhenItMay() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.make(on: server)
    try database.execute("create table kept (a int8)")
    let connection = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
    try server.holdCommits()
    #expect(throws: DatabaseError.self) {
      try connection.transaction([query("insert into kept values (1)")], deadline: .now + .milliseconds(100))
    }
    #expect(!connection.isOpen)
    // The socket's end ends no wait: nothing is cancelled.
    #expect(try database.value("select count(*) from kept") == "0")
    try server.releaseCommits()
    try database.wait(until: "select count(*) from kept", is: "1")
  }
}
#endif
