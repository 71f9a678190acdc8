import Foundation
import Glibc
import Testing

@Suite("Sessions of accounts that are gone") struct GoneAccountTests {
  private struct Held {
    let folder: TestFolder
    let data: String
    let client: TestClient
    let access: String
    let refresh: String
  }

  /// A session of the client `app` for the user `ann`, and a server that has ended.
  private func hold() throws -> Held {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    for (arguments, line) in [
      (["clients", "add", "app", "--secret-stdin"], "a-secret-of-the-app"),
      (["users", "add", "ann", "--password-stdin", "--scopes", "read"], "password-of-ann"),
    ] {
      let added = try CommandResult.of(BuiltCommand.path, arguments + ["--data", data], input: line + "\n")
      try #require(added.code == 0, "\(added)")
    }
    let client = TestClient("app:a-secret-of-the-app")
    // A running server sees a change within 100 ms.
    usleep(300_000)
    let reply = try server.connect().logIn(client, name: "ann", password: "password-of-ann")
    try #require(reply.status == 200, "\(reply)")
    #expect(try server.stop() == 0)
    return Held(
      folder: folder, data: data, client: client, access: reply.member("access_token"),
      refresh: reply.member("refresh_token"))
  }

  private func change(_ held: Held, _ arguments: [String], line: String = "") throws {
    let result = try CommandResult.of(BuiltCommand.path, arguments + ["--data", held.data], input: line + "\n")
    try #require(result.code == 0, "\(result)")
  }

  /// Until the server has looked through the accounts, which it does beside serving.
  private func isEnded(_ held: Held, by server: TestServer) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if try server.connect().get("/me", bearer: held.access).status == 401 { return true }
      usleep(20_000)
    }
    return false
  }

  @Test(
    "end at the next start, access tokens too, where the account was removed while no server ran",
    arguments: [["clients", "remove", "app"], ["users", "remove", "ann"]])
  func removed(arguments: [String]) throws {
    let held = try hold()
    try change(held, arguments)
    let server = try TestServer(data: held.data)
    #expect(try isEnded(held, by: server))
    #expect(try server.stop() == 0)
    #expect(try CommandResult.of("sessions", "list", "--data", held.data, "--json").output.isEmpty)
  }

  @Test(
    "are not those of a client that is added again under the id, whether or not a server runs",
    arguments: [false, true])
  func addedAgain(whileRunning: Bool) throws {
    let held = try hold()
    let running = whileRunning ? try TestServer(data: held.data) : nil
    try change(held, ["clients", "remove", "app"])
    try change(held, ["clients", "add", "app", "--secret-stdin"], line: "another-secret-of-it")
    let server = try running ?? TestServer(data: held.data)
    let client = TestClient("app:another-secret-of-it")
    #expect(try server.connect().refresh(client, held.refresh).status == 400)
    #expect(try isEnded(held, by: server))
    #expect(try server.connect().logIn(client, name: "ann", password: "password-of-ann").status == 200)
  }

  @Test("that are there stay as they are")
  func kept() throws {
    let held = try hold()
    let server = try TestServer(data: held.data)
    #expect(try server.connect().get("/me", bearer: held.access).status == 200)
    #expect(try server.connect().refresh(held.client, held.refresh).status == 200)
  }
}
