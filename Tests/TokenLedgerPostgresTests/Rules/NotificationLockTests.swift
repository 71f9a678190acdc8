#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// A notification in the transaction of a revocation would hold a lock of the whole server's through its wait for the
/// standby.
@Suite(.fewAtOnce, .serialized) struct NotificationLockTests {
  private let server: TestedServer
  private let database: TestedDatabase

  init() async throws {
    server = try await TestedServer.start()
    database = try await TestedDatabase.withLedger(on: server)
  }

  private func lockCount() throws -> Int {
    try database.number(
      "select count(*) from pg_locks where locktype = 'object' and classid = 'pg_database'::regclass and objid = 0")
  }

  /// Waits until a commit waits for a standby that never answers.
  private func waitForCommit() throws {
    while try database.number("select count(*) from pg_stat_activity where wait_event = 'SyncRep'") == 0 {}
  }

  @Test func aRevocationThatWaitsForItsStandbyHoldsUpNoOther() async throws {
    defer { server.end() }
    let (server, database) = (server, database)
    try await BlockingWork.run { () throws(any Error) in
      let session = try TestedInstance(database, TestedInstance.options()).open("anna")
      try server.configure("synchronous_standby_names", "nobody")
      var options = TestedInstance.options()
      options.standby = .required
      let connector = Connector(database.address, setting: try LedgerSetting(options: options))
      let connection = try Unsafe(connector.connect(deadline: .long))
      let revoking = try Beside {
        try RevokingSteps.session(
          session.id, attempt: Attempt(id: 1, isRetry: false), on: connection.value, deadline: .long)
      }
      try waitForCommit()
      #expect(try lockCount() == 0)
      // The wait ends without a standby, and nobody is told that it is done.
      try server.configure("synchronous_standby_names", "")
      let error = #expect(throws: DatabaseError.self) { try revoking.answer() }
      #expect(error?.kind == .warned)
    }
  }

  @Test func oneInTheTransactionItselfWould() async throws {
    defer { server.end() }
    let (server, database) = (server, database)
    try await BlockingWork.run { () throws(any Error) in
      try server.configure("synchronous_standby_names", "nobody")
      let notifying = try Beside {
        try database.execute("notify ledger; select pg_logical_emit_message(true, 'a', '')")
      }
      try waitForCommit()
      #expect(try lockCount() == 1)
      try server.configure("synchronous_standby_names", "")
      _ = try? notifying.answer()
    }
  }
}

/// Handed from one thread to another, which alone uses it from then on.
private struct Unsafe: @unchecked Sendable {
  let value: LedgerConnection

  init(_ value: LedgerConnection) { self.value = value }
}
#endif
