#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

/// Where each outcome must be on a standby.
@Suite("A ledger that needs a standby", .fewAtOnce, .timeLimit(.minutes(10)))
struct StandbyTests {
  private func serverOfOwn() async throws -> (TestedServer, LedgerFixture, PostgresOptions) {
    let server = try await TestedServer.start()
    let fixture = try await LedgerFixture(on: server)
    var options = fixture.options
    options.standby = .required
    options.requestDeadline = .seconds(8)
    return (server, fixture, options)
  }

  @Test("does not open where the primary names none, and says what to set")
  func absent() async throws {
    let fixture = try await LedgerFixture()
    var options = fixture.options
    options.standby = .required
    do {
      _ = try await PostgresLedger.open(fixture.database.address, options: options)
      Issue.record("it opened")
    } catch {
      #expect(error.description.contains("synchronous_standby_names"))
      guard case .unready = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test("begins no step once the name is gone, and has changed nothing then")
  func emptied() async throws {
    let (server, fixture, options) = try await serverOfOwn()
    defer { server.end() }
    let standby = try await BlockingWork.run { () throws(any Error) in try server.startStandby() }
    defer { standby.end() }
    try await fixture.withLedger(options) { ledger in
      let session = try await ledger.open()
      try server.configure("synchronous_standby_names", "")
      await #expect(throws: LedgerError.self) { try await ledger.rotate(session.tokenID) }
      await #expect(throws: LedgerError.self) { try await ledger.sessionCount(of: .all) }
      await #expect(throws: LedgerError.self) { try await ledger.holders() }
      #expect(try fixture.value("select generation from ledger.session") == "0")
    }
  }

  @Test("gives no count and no list of sessions that it could lose", arguments: [true, false])
  func readings(counts: Bool) async throws {
    let (server, fixture, options) = try await serverOfOwn()
    defer { server.end() }
    let connector = Connector(fixture.database.address, setting: try LedgerSetting(options: options))
    try server.configure("synchronous_standby_names", "missing")
    let connection = try connector.connect(deadline: .now + .seconds(20))
    defer { connection.database.close() }
    #expect {
      let deadline = ContinuousClock.now + .seconds(2)
      if counts {
        _ = try ReadingSteps.count(of: .all, on: connection, deadline: deadline)
      } else {
        var holders = SessionHolders(subjects: [], clients: [])
        _ = try ReadingSteps.holders(after: nil, into: &holders, on: connection, deadline: deadline)
      }
    } throws: { error in
      guard case .lost? = error as? DatabaseError else { return false }
      return true
    }
  }

  @Test("answers no retry and refuses no token by what it could lose", arguments: [true, false])
  func rotations(isRetry: Bool) async throws {
    let (server, fixture, options) = try await serverOfOwn()
    defer { server.end() }
    let token = try await fixture.withLedger { ledger in
      let session = try await ledger.open()
      _ = try await ledger.rotate(session.tokenID, grace: 60_000)
      if !isRetry { _ = try await ledger.revoke(session.id) }
      return session.tokenID
    }
    let connector = Connector(fixture.database.address, setting: try LedgerSetting(options: options))
    try server.configure("synchronous_standby_names", "missing")
    let connection = try connector.connect(deadline: .now + .seconds(20))
    defer { connection.database.close() }
    let presentation = SlowRotation.Presentation(
      request: RotationRequest(token: token, client: "web", graceMilliseconds: 60_000),
      attempt: Attempt(id: 7, isRetry: false))
    #expect {
      try SlowRotation.run([presentation], on: connection, deadline: .now + .seconds(2))
    } throws: { error in
      guard case .lost? = error as? DatabaseError else { return false }
      return true
    }
  }

  @Test("does not believe a commit during which the name went")
  func emptiedMeanwhile() async throws {
    let (server, fixture, options) = try await serverOfOwn()
    defer { server.end() }
    let connector = Connector(fixture.database.address, setting: try LedgerSetting(options: options))
    try server.configure("synchronous_standby_names", "missing")
    let connection = try connector.connect(deadline: .now + .seconds(20))
    let emptying = try Beside {
      while try server.value("select 1 from pg_stat_activity where wait_event = 'SyncRep'") == nil {}
      try server.configure("synchronous_standby_names", "")
    }
    #expect {
      try connection.step([Query(LedgerSQL.barrierStatement)], deadline: .now + .seconds(30))
    } throws: { error in
      guard case .warned? = error as? DatabaseError else { return false }
      return true
    }
    try emptying.answer()
    connection.database.close()
  }
}
#endif
