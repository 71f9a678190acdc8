#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres

/// Connections by TLS, to a server whose certificate is for `localhost`.
@Suite(.fewAtOnce, .serialized) final class EncryptionTests {
  private let server: TestedServer

  init() async throws { server = try await TestedServer.start(encrypts: true) }

  deinit { server.end() }

  private func open(
    host: String = "localhost", authority: String, options: String = ""
  ) throws -> DatabaseConnection {
    let address = try DatabaseAddress(
      "host=\(host) hostaddr=127.0.0.1 port=\(server.port) user=postgres dbname=postgres sslmode=verify-full "
        + "sslrootcert=\(authority) \(options)")
    return try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
  }

  @Test func aServerThatItsAuthorityVouchesForIsSpokenToInSecret() throws {
    let connection = try open(authority: server.authority)
    let session = query("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
    let rows = try connection.run([session], after: [query("select 7")])
    #expect(try rows[0].bool(0, 0))
    #expect(try rows[0].text(0, 1).hasPrefix("TLS"))
    #expect(try rows[1].int64(0, 0) == 7)
  }

  @Test func whatIsFarLargerThanAllBuffersGoesAndComesBackInSecret() throws {
    let connection = try open(authority: server.authority)
    let text = String(repeating: "refresh ", count: 1 << 16)
    let rows = try connection.run((0..<32).map { _ in query("select $1::text, $1::text", [.text(text)]) })
    #expect(try rows.allSatisfy { try $0.text(0, 1).utf8.count == text.utf8.count })
    // What the server has ended is noticed here too.
    try server.execute(
      "select pg_terminate_backend(\(connection.backendProcessID), 20000)")
    #expect(connection.error(of: [query("select 1")])?.kind == .unreachable)
  }

  @Test func aPasswordIsProvenAndBoundToTheEncryption() throws {
    try server.execute("create role bound login password 'hunter2'")
    func open(_ password: String) throws -> DatabaseConnection {
      let address = try DatabaseAddress(
        "host=localhost hostaddr=127.0.0.1 port=\(server.port) user=bound dbname=postgres sslmode=verify-full "
          + "sslrootcert=\(server.authority) channel_binding=require password=\(password)")
      return try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
    }
    try open("hunter2").run([query("select 1")])
    let error = #expect(throws: DatabaseError.self) { _ = try open("hunter3") }
    #expect(error?.kind == .refusedConnection("28P01"))
    #expect(error?.description.contains("hunter3") == false)
  }

  @Test func aServerOfAnotherNameOrAuthorityIsRefused() async throws {
    let name = #expect(throws: DatabaseError.self) { _ = try open(host: "127.0.0.1", authority: server.authority) }
    #expect(name?.kind == .refusedConnection(nil))
    #expect(name?.description.contains("\n") == false)
    let other = try await TestedServer.start(encrypts: true)
    defer { other.end() }
    let authority = #expect(throws: DatabaseError.self) { _ = try open(authority: other.authority) }
    #expect(authority?.kind == .refusedConnection(nil))
    #expect(authority?.description.contains("certificate verify failed") == true)
    // A file that is not there, before anything is sent.
    let missing = #expect(throws: DatabaseError.self) { _ = try open(authority: "/tmp/no-such-authority") }
    #expect(missing.map { !$0.description.contains("\n") } == true)
  }
}
#endif
