import Foundation
import Testing

@Suite struct KeyCommandTests {
  /// The ids of the published keys.
  private func published(_ connection: TestConnection) throws -> [String] {
    let reply = try connection.get("/.well-known/jwks.json")
    let set = try #require(JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any])
    return (set["keys"] as? [[String: Any]] ?? []).compactMap { $0["kid"] as? String }
  }

  private func waitFor(_ condition: () throws -> Bool) throws -> Bool {
    for _ in 0..<600 {
      if try condition() { return true }
      usleep(100_000)
    }
    return false
  }

  @Test(
    "A running server signs with the rotated key within seconds, and takes tokens of the one before until it is retired"
  )
  func rotateAndRetire() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    let before = try connection.logIn(client, password: server.secret("PASSWORD"))
    #expect(try published(connection).isEmpty)
    let rotated = try CommandResult.of("keys", "rotate", "--alg", "ES256", "--data", data)
    #expect(rotated.code == 0, "\(rotated)")
    let ids = rotated.output.split(whereSeparator: { " ,\n".contains($0) }).map(String.init)
    let (current, next, retiring) = (ids[1], ids[3], ids[5])
    #expect(try waitFor { try published(connection) == [next, current] })
    let after = try connection.refresh(client, before.member("refresh_token"))
    #expect(after.status == 200)
    for token in [before, after] {
      #expect(try connection.get("/me", bearer: token.member("access_token")).status == 200)
    }
    let early = try CommandResult.of("keys", "retire", retiring, "--data", data)
    #expect(early.code == 1 && early.isOneLineError, "\(early)")
    let signing = try CommandResult.of("keys", "retire", current, "--data", data, "--force")
    #expect(signing.code == 1 && signing.isOneLineError, "\(signing)")
    #expect(try CommandResult.of("keys", "retire", retiring, "--data", data, "--force").code == 0)
    #expect(try waitFor { try connection.get("/me", bearer: before.member("access_token")).status == 401 })
    #expect(try connection.get("/me", bearer: after.member("access_token")).status == 200)
  }

  @Test("A refresh key that is rotated ends no session")
  func rotateRefresh() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    let reply = try connection.logIn(client, password: server.secret("PASSWORD"))
    #expect(try CommandResult.of("keys", "rotate", "--refresh", "--data", data).code == 0)
    #expect(try waitFor { server.child.errors.contains("the keys were read again") })
    let next = try connection.refresh(client, reply.member("refresh_token"))
    #expect(next.status == 200)
    #expect(try connection.refresh(client, next.member("refresh_token")).status == 200)
  }

  @Test("A key id that begins with - is taken after --, and the error without it says so")
  func dash() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try TestServer(data: data).stop() == 0)
    let bare = try CommandResult.of("keys", "retire", "-Abc", "--data", data)
    #expect(bare.code == 64 && bare.isOneLineError && bare.errors.contains("write -- before"), "\(bare)")
    let marked = try CommandResult.of("keys", "retire", "--data", data, "--", "-Abc")
    #expect(marked.code == 66 && marked.errors.contains("-Abc"), "\(marked)")
  }

  @Test(
    "What cannot be done to keys is one line and the right exit code",
    arguments: [
      (["keys", "rotate", "--alg", "none"], 64), (["keys", "rotate", "--alg", "ES256", "--refresh"], 64),
      (["keys", "retire", "nobody"], 66), (["keys", "retire", "x", "--tokens-live", "soon"], 64),
      (["keys", "import", "nowhere.pem"], 66),
    ] as [([String], Int32)])
  func refused(arguments: [String], code: Int32) throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try TestServer(data: data).stop() == 0)
    let result = try CommandResult.of(BuiltCommand.path, arguments + ["--data", data])
    #expect(result.code == code && result.isOneLineError, "\(result)")
    let none = try CommandResult.of(BuiltCommand.path, arguments + ["--data", "\(folder.path)/none"])
    #expect(none.code == code || none.code == 66 || none.code == 74, "\(none)")
  }
}
