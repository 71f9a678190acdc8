import Foundation
import Testing

@Suite struct AccountCommandTests {
  @Test("A user who is added while the server runs can log in, and the sessions of one who is disabled or removed end")
  func usersLive() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    let added = try CommandResult.of(
      "users", "add", "ann", "--data", data, "--password-stdin", "--scopes", "read", input: "correct horse\n")
    #expect(added.code == 0 && added.output == "added user ann\n", "\(added)")
    var reply = try connection.logIn(client, name: "ann", password: "correct%20horse")
    for _ in 0..<100 where reply.status != 200 {
      reply = try connection.logIn(client, name: "ann", password: "correct%20horse")
    }
    #expect(reply.member("scope") == "read")
    // With the account its sessions end, access tokens included, also if nobody refreshes meanwhile.
    for (step, status) in [("disable", 200), ("enable", 400), ("remove", 400)] {
      #expect(try CommandResult.of("users", step, "ann", "--data", data).code == 0)
      if step == "enable" { continue }
      #expect(try refusesWithinSeconds(connection, accessToken: reply.member("access_token")), "after \(step)")
      #expect(try connection.refresh(client, reply.member("refresh_token")).status == 400, "after \(step)")
      guard status == 200 else { continue }
      #expect(try CommandResult.of("users", "enable", "ann", "--data", data).code == 0)
      for _ in 0..<1000 {
        reply = try connection.logIn(client, name: "ann", password: "correct%20horse")
        if reply.status == 200 { break }
      }
      #expect(try connection.refresh(client, reply.member("refresh_token")).status == 200)
    }
  }

  private func refusesWithinSeconds(_ connection: TestConnection, accessToken: String) throws -> Bool {
    for _ in 0..<200 {
      if try connection.get("/me", bearer: accessToken).status == 401 { return true }
      usleep(20_000)
    }
    return false
  }

  @Test("A password that changes while no server runs ends the sessions from before at the next start")
  func changedWhileDown() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let reply = try server.connect().logIn(client, password: server.secret("PASSWORD"))
    #expect(try server.stop() == 0)
    let changed = try CommandResult.of(
      "users", "password", "admin", "--data", data, "--password-stdin", input: "another password\n")
    #expect(changed.code == 0, "\(changed)")
    let again = try TestServer(data: data)
    let connection = try again.connect()
    #expect(try refusesWithinSeconds(connection, accessToken: reply.member("access_token")))
    #expect(try connection.refresh(client, reply.member("refresh_token")).status == 400)
    #expect(try connection.logIn(client, password: "another%20password").status == 200)
  }

  @Test("A client that is added while the server runs gets tokens until it is removed")
  func clientsLive() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let connection = try server.connect()
    let password = try server.secret("PASSWORD")
    let added = try CommandResult.of(
      "clients", "add", "web", "--data", data, "--secret-stdin", "--scopes", "read", "--grace", "30s",
      input: "a secret of its own\n")
    #expect(added.code == 0, "\(added)")
    let client = TestClient("web:a secret of its own")
    // The server looks at the file every 10 ms.
    var reply = try connection.logIn(client, password: password)
    for _ in 0..<1000 where reply.status != 200 { reply = try connection.logIn(client, password: password) }
    #expect(reply.member("scope") == "read")
    #expect(try CommandResult.of("clients", "remove", "web", "--data", data).code == 0)
    var answer = try connection.logIn(client, password: password)
    for _ in 0..<1000 where answer.status != 401 { answer = try connection.logIn(client, password: password) }
    #expect(answer.status == 401)
  }

  @Test("The lists show what was added, as a table and as JSON, and never a secret")
  func lists() throws {
    let folder = try TestFolder()
    let data = folder.path
    func run(_ arguments: String..., input: String = "") throws -> String {
      let result = try CommandResult.of(BuiltCommand.path, arguments + ["--data", data], input: input)
      #expect(result.code == 0, "\(arguments): \(result.errors)")
      return result.output
    }
    _ = try run("users", "add", "a name with spaces", "--password-stdin", "--scopes", "a b", input: "password-one\n")
    _ = try run("users", "add", "bob", "--password-stdin", input: "password-two")
    _ = try run("users", "disable", "bob")
    #expect(
      try run("users", "list") == """
        NAME                ENABLED  SCOPES
        a name with spaces  yes      a b
        bob                 no

        """)
    #expect(try run("users", "list", "--json").contains("{\"enabled\":false,\"name\":\"bob\",\"scopes\":\"\"}\n"))
    _ = try run("clients", "add", "app", "--public", "--grants", "refresh_token")
    _ = try run(
      "clients", "add", "web", "--secret-stdin", "--grace", "1m", "--access-ttl", "5m", "--refresh-ttl", "1d",
      "--rotation", "never", "--introspect", "--admin", "--scopes", "a",
      input: "secret-secret-secret")
    #expect(
      try run("clients", "list") == """
        ID   KIND          GRANTS                  ROTATION  GRACE    LIFETIMES                DPOP  MAY               SCOPES
        app  public        refresh_token           always    default  default                  -     -                 (all)
        web  confidential  password refresh_token  never     60s      access 300s, refresh 1d  -     introspect admin  a

        """)
    let json = try run("clients", "list", "--json")
    #expect(json.contains("\"grace\":\"60s\"") && json.contains("\"introspect\":true") && !json.contains("secret-"))
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var input = ""
    var code: Int32
    var says: String
    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let refused: [Refused] = [
    Refused(
      arguments: ["users", "add", "ann", "--password-stdin"], input: "password-one\n", code: 73, says: "already exists"),
    Refused(
      arguments: ["users", "add", "bob", "--password-stdin"], input: "short\n", code: 64, says: "8 to 1024 bytes"),
    Refused(arguments: ["users", "add", "bob", "--password-stdin"], input: "", code: 64, says: "holds no password"),
    Refused(
      arguments: ["users", "add", "bob", "--password-stdin"], input: "one-line\nanother\n", code: 64,
      says: "more than the one line"),
    Refused(arguments: ["users", "add", "bob"], input: "password-one\n", code: 64, says: "--password-stdin"),
    Refused(
      arguments: ["users", "add", "", "--password-stdin"], input: "password-one\n", code: 64, says: "1 to 256 bytes"),
    Refused(
      arguments: ["users", "add", "bob", "--password-stdin", "--scopes", "a  b"], input: "password-one\n", code: 64,
      says: "--scopes"),
    Refused(arguments: ["users", "remove", "bob"], code: 66, says: "no user \"bob\""),
    Refused(arguments: ["users", "disable", "bob"], code: 66, says: "no user \"bob\""),
    Refused(
      arguments: ["users", "password", "bob", "--password-stdin"], input: "password-one\n", code: 66,
      says: "no user \"bob\""),
    Refused(arguments: ["users", "rename", "bob"], code: 64, says: "--help"),
    Refused(arguments: ["clients", "add", "web"], code: 64, says: "--secret-stdin and --public"),
    Refused(
      arguments: ["clients", "add", "web", "--public", "--secret-stdin"], code: 64, says: "--secret-stdin and --public"),
    Refused(
      arguments: ["clients", "add", "web", "--secret-stdin"], input: "too short\n", code: 64, says: "16 to 1024"),
    Refused(arguments: ["clients", "add", "web", "--public", "--grace", "301s"], code: 64, says: "0s to 300s"),
    Refused(arguments: ["clients", "add", "web", "--public", "--grants", "implicit"], code: 64, says: "grants"),
    Refused(arguments: ["clients", "remove", "web"], code: 66, says: "no client \"web\""),
  ]

  @Test("What cannot be done is one line that names it, the right exit code, and no change", arguments: refused)
  func refusal(_ refused: Refused) throws {
    let folder = try TestFolder()
    let add = ["users", "add", "ann", "--password-stdin", "--data", folder.path]
    #expect(try CommandResult.of(BuiltCommand.path, add, input: "password-one\n").code == 0)
    let before = try TestFolder.contents(of: folder.path)
    let result = try CommandResult.of(
      BuiltCommand.path, refused.arguments + ["--data", folder.path], input: refused.input)
    #expect(result.code == refused.code)
    #expect(result.isOneLineError && result.errors.contains(refused.says), "\(result.errors)")
    let after = try TestFolder.contents(of: folder.path)
    #expect(after["users.json"] == before["users.json"] && after["clients.json"] == nil)
    if !refused.input.isEmpty { #expect(!result.errors.contains(refused.input.split(separator: "\n")[0])) }
  }

  @Test(
    "A data folder that does not exist is 66, and is not made", arguments: [["users", "list"], ["clients", "list"]])
  func missingFolder(_ command: [String]) throws {
    let folder = try TestFolder()
    let result = try CommandResult.of(BuiltCommand.path, command + ["--data", "\(folder.path)/none"])
    #expect(result.code == 66)
    #expect(result.isOneLineError && result.errors.contains("none"))
    #expect(try TestFolder.contents(of: folder.path).isEmpty)
  }
}
