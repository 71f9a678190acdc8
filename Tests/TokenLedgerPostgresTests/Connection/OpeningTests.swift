#if Postgres
import Platform
import PostgresTesting
import Testing
import TokenLedgerPostgres

@Suite(.fewAtOnce) struct OpeningTests {
  private func error(_ address: DatabaseAddress, host: Int = 0, timeout: Duration = .seconds(20)) -> DatabaseError? {
    do {
      _ = try DatabaseConnection.open(address, host: host, timeout: timeout)
      return nil
    } catch {
      return error
    }
  }

  @Test func aConnectionKnowsItsServer() async throws {
    let database = try await TestedDatabase.make()
    let connection = try DatabaseConnection.open(database.address, host: 0, timeout: .seconds(20))
    #expect(connection.serverVersion >= 140_000)
    #expect(connection.parameter("server_encoding") == "UTF8")
    #expect(connection.parameter("no_such_parameter") == nil)
    let rows = try connection.run([
      query("select pg_backend_pid(), current_setting('application_name'), current_setting('client_encoding')")
    ])
    #expect(try rows[0].int64(0, 0) == Int64(connection.backendProcessID))
    #expect(try rows[0].text(0, 1) == "refresh-ledger")
    #expect(try rows[0].text(0, 2) == "UTF8")
  }

  @Test func theOptionsOfAnAddressReachTheServerAndUTF8Stays() async throws {
    let database = try await TestedDatabase.make()
    let address = try database.server.address(
      database: database.name,
      options: "&application_name=mine&client_encoding=LATIN1&target_session_attrs=standby&options=-c%20work_mem%3D5MB")
    let connection = try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
    let rows = try connection.run([
      query(
        "select current_setting('application_name'), current_setting('client_encoding'), current_setting('work_mem')")
    ])
    #expect(try (0..<3).map { try rows[0].text(0, $0) } == ["mine", "UTF8", "5MB"])
  }

  @Test func eachHostIsConnectedToByItsNumber() async throws {
    let database = try await TestedDatabase.make()
    let address = try DatabaseAddress(
      "host=127.0.0.1,\(database.server.folder) port=1,\(database.server.port) user=postgres dbname=\(database.name)")
    #expect(error(address, host: 0)?.kind == .unreachable)
    #expect(error(address, host: 1) == nil)
  }

  @Test func aWrongPasswordIsRefusedAndNotTold() async throws {
    let database = try await TestedDatabase.make()
    try database.execute("create role locked login password 'right'")
    func address(_ password: String) throws -> DatabaseAddress {
      try DatabaseAddress(
        "host=127.0.0.1 port=\(database.server.port) user=locked dbname=\(database.name) password='\(password)'")
    }
    #expect(error(try address("right")) == nil)
    let refusal = error(try address("hunter2"))
    #expect(refusal?.kind == .refusedConnection("28P01"))
    #expect(refusal?.description.contains("hunter2") == false)
    #expect(refusal?.description.contains("\n") == false)
    // libpq does not go on without one.
    let none = try database.server.address(database: database.name, user: "locked")
    #expect(error(none)?.kind == .refusedConnection(nil))
  }

  @Test func whatTheServerDoesNotHaveIsRefusedWithItsCode() async throws {
    let server = try await TestedServer.shared()
    #expect(error(try server.address(database: "missing"))?.kind == .refusedConnection("3D000"))
    #expect(error(try server.socketAddress(database: "postgres", user: "missing"))?.kind == .refusedConnection("28000"))
    let encrypted = try DatabaseAddress("host=127.0.0.1 port=\(server.port) user=postgres sslmode=require")
    #expect(error(encrypted)?.kind == .refusedConnection(nil))
  }

  @Test func aServerThatHasNoConnectionLeftRefusesWithItsCode() async throws {
    let database = try await TestedDatabase.make()
    try database.execute("create role crowd login connection limit 1")
    let address = try database.server.socketAddress(database: database.name, user: "crowd")
    let first = try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
    #expect(error(address)?.kind == .refusedConnection("53300"))
    first.close()
  }

  @Test func aServerWhoseConnectionsAreAllTakenRefusesWithItsCode() async throws {
    let server = try await TestedServer.start(settings: ["max_connections": "4", "superuser_reserved_connections": "1"])
    defer { server.end() }
    try server.execute("create role app login")
    let address = try server.socketAddress(database: "postgres", user: "app")
    // The last is kept for the administrator, who needs more than one for a moment.
    var crowd: [DatabaseConnection] = []
    while crowd.count < 16, let another = try? DatabaseConnection.open(address, host: 0, timeout: .seconds(20)) {
      crowd.append(another)
    }
    #expect((1...3).contains(crowd.count))
    #expect(error(address)?.kind == .refusedConnection("53300"))
    for connection in crowd { connection.close() }
  }

  @Test func aServerThatShutsDownRefusesWithItsCode() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let address = try server.address(database: "postgres")
    let last = try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
    server.drain()
    // Until it has come to it.
    var refusal = error(address)
    while refusal == nil {
      Program.pause(microseconds: 1000)
      refusal = error(address)
    }
    #expect(refusal?.kind == .refusedConnection("57P03"))
    try last.run([query("select 1")])
    last.close()
  }

  @Test func behindAPoolerTheProcessThatWasToldIsNotTheOneThatAnswers() async throws {
    let database = try await TestedDatabase.make()
    let proxy = try FaultProxy(to: database.server)
    proxy.isPooling = true
    let connection = try DatabaseConnection.open(try proxy.address(of: database), host: 0, timeout: .seconds(20))
    let told = try connection.run([query("select pg_backend_pid()")])[0].int64(0, 0)
    #expect(told != Int64(connection.backendProcessID))
  }

  @Test func whereNobodyListensTheDatabaseIsUnreachable() throws {
    // Held and not listened on.
    let held = try HeldAddress(host: "127.0.0.1", port: 0)
    #expect(error(try DatabaseAddress("host=127.0.0.1 port=\(held.port)"))?.kind == .unreachable)
    #expect(error(try DatabaseAddress("host=/tmp/no-such-folder"))?.kind == .unreachable)
    #expect(error(try DatabaseAddress("host=no-such-host.invalid"))?.kind == .unreachable)
  }

  @Test func aServerThatAcceptsAndEndsIsUnreachable() async throws {
    let database = try await TestedDatabase.make()
    let proxy = try FaultProxy(to: database.server)
    proxy.isRefusing = true
    #expect(error(try proxy.address(of: database))?.kind == .unreachable)
  }

  @Test func aServerThatSaysNothingIsUnreachableInTime() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    server.freeze()
    defer { server.thaw() }
    let address = try server.address(database: "postgres")
    #expect(error(address, timeout: .milliseconds(200))?.kind == .unreachable)
  }
}
#endif
