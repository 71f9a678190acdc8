#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// A primary that takes connections and whose commits wait for ever: it was cut off from its standbys, or they are
/// away.
@Suite(.fewAtOnce, .serialized) struct StuckPrimaryTests {
  @Test func aConnectionThatWasLostHasTheOtherHostsAskedFirst() async throws {
    let (first, second) = (try await TestedServer.start(), try await TestedServer.start())
    defer {
      first.end()
      second.end()
    }
    let database = try await TestedDatabase.withLedger(on: first)
    try await BlockingWork.run { () throws(any Error) in
      // The other host has a ledger in a database of the same name.
      let other = try second.socketAddress(database: "postgres")
      let making = try DatabaseConnection.open(other, host: 0, timeout: .seconds(20))
      defer { making.close() }
      try making.simple("create database \(database.name)", deadline: .long)
      let there = try DatabaseConnection.open(
        second.socketAddress(database: database.name), host: 0, timeout: .seconds(20))
      defer { there.close() }
      _ = try DatabaseSchema.install(SchemaName("refresh_ledger"), on: there, deadline: .long)
      let both = try DatabaseAddress(
        "postgresql://postgres@127.0.0.1:\(first.port),127.0.0.1:\(second.port)/\(database.name)?sslmode=disable")
      let connector = Connector(both, setting: try LedgerSetting(options: TestedInstance.options()))
      func host() throws -> LedgerConnection {
        let connection = try connector.connect(deadline: .long)
        connection.database.close()
        return connection
      }
      let lost = try host()
      #expect(try (lost.host, host().host) == (0, 0))
      connector.passOver(lost)
      let next = try host()
      #expect(next.host == 1)
      // Another lane lost the same server at the same time: it is passed over once.
      connector.passOver(lost)
      #expect(try host().host == 1)
      connector.passOver(next)
      #expect(try host().host == 0)
    }
  }

  @Test func commitsThatNobodyWaitsForAnyMoreDoNotUseUpTheServersConnections() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let database = try await TestedDatabase.withLedger(on: server)
    try await BlockingWork.run { () throws(any Error) in
      let connector = Connector(database.address, setting: try LedgerSetting(options: TestedInstance.options()))
      try server.configure("synchronous_standby_names", "nobody")
      var (abandoned, refusal): (Int, DatabaseError?) = (0, nil)
      while refusal == nil {
        do throws(DatabaseError) {
          let connection = try connector.connect(deadline: .long)
          guard abandoned < 8 else {
            // Those that wait have not waited for long.
            connection.database.close()
            continue
          }
          // Its deadline passes, and the server's part of it goes on waiting.
          let step = Query(LedgerSQL.barrierStatement)
          #expect(throws: DatabaseError.self) { try connection.step([step], deadline: .now + .milliseconds(50)) }
          abandoned += 1
        } catch {
          refusal = error
        }
      }
      #expect(abandoned == 8)
      #expect(refusal?.kind == .unreachable)
      #expect(refusal?.description.contains("synchronous standby") == true)
      // They end when they may, and nothing is in the way any more.
      try server.configure("synchronous_standby_names", "")
      while (try? connector.connect(deadline: .long).database.close()) == nil {}
    }
  }
}
#endif
