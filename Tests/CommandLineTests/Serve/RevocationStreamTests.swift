import Foundation
import Testing
import TokenVerification

@Suite struct RevocationStreamTests {
  private static let boss = TestClient("boss:the secret of the boss")

  /// A server with a client that may follow revocations and end sessions.
  private func server(_ folder: TestFolder) throws -> TestServer {
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let added = try CommandResult.of(
      "clients", "add", "boss", "--secret-stdin", "--introspect", "--admin", "--data", data,
      input: "the secret of the boss\n")
    #expect(added.code == 0, "\(added)")
    server.child.send(SIGHUP)
    try server.waitForLog("SIGHUP: users and clients were read again")
    return server
  }

  private func follow(_ server: TestServer, _ query: String = "") throws -> TestConnection {
    let connection = try server.connect()
    try connection.write(
      "GET /admin/revocations\(query) HTTP/1.1\r\nHost: x\r\nAuthorization: \(Self.boss.authorization)\r\n\r\n")
    return connection
  }

  private func read(_ connection: TestConnection, until words: String) throws -> String {
    var text = ""
    while !text.contains(words) { text = try connection.readSome() }
    return text
  }

  @Test("A stream of revocations tells what another connection revokes, and ends with its reason at SIGTERM")
  func overTheWire() throws {
    let folder = try TestFolder()
    let server = try server(folder)
    let stream = try follow(server)
    let begun = try read(stream, until: "event: listed")
    #expect(begun.hasPrefix("HTTP/1.1 200") && begun.contains("text/event-stream"))
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    let tokens = try connection.logIn(client, password: try server.secret("PASSWORD"))
    #expect(tokens.status == 200, "\(tokens)")
    let ended = try connection.send(
      "DELETE", "/admin/sessions?subject=admin", headers: ["Authorization": Self.boss.authorization], body: "")
    #expect(ended.body == #"{"ended":1}"#)
    _ = try read(stream, until: #""subject":"admin""#)
    server.child.send(SIGTERM)
    #expect(try stream.readToEnd().contains(#"data: {"reason":"shutdown"}"#))
    #expect(try server.child.wait(seconds: 30) == 0)
  }

  @Test("A server that was started again tells all that is in force first, also to who names an earlier place")
  func afterARestart() throws {
    let folder = try TestFolder()
    let first = try server(folder)
    let connection = try first.connect()
    _ = try connection.logIn(TestClient(try first.secret("CLIENT")), password: try first.secret("PASSWORD"))
    let before = try read(try follow(first), until: "event: listed")
    let place = try #require(before.split(separator: "id: ").last?.prefix { $0 != "\n" })
    _ = try connection.send(
      "DELETE", "/admin/sessions?subject=admin", headers: ["Authorization": Self.boss.authorization], body: "")
    first.child.send(SIGKILL)
    _ = try first.child.wait()
    let second = try TestServer(data: "\(folder.path)/data")
    let text = try read(try follow(second, "?after=\(place)"), until: "event: listed")
    #expect(text.contains("event: list\n") && text.contains(#""subject":"admin""#))
    #expect(try second.stop() == 0)
  }
}
