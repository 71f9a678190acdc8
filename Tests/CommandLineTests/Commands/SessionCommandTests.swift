import Foundation
import Synchronization
import Testing

@Suite struct SessionCommandTests {
  private struct Opened {
    let folder: TestFolder
    let data: String
    let server: TestServer
    let client: TestClient
    let sid: String
    let token: String
  }

  /// A server that runs, and a session that was refreshed twice.
  private func open() throws -> Opened {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    var token = try connection.logIn(client, password: server.secret("PASSWORD")).member("refresh_token")
    for _ in 0..<2 { token = try connection.refresh(client, token).member("refresh_token") }
    let list = try CommandResult.of("sessions", "list", "--data", data, "--json")
    let row = try #require(JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any])
    return Opened(
      folder: folder, data: data, server: server, client: client, sid: try #require(row["sid"] as? String), token: token
    )
  }

  @Test("list shows the live sessions of a running server, of all, of a subject and of a client")
  func lists() throws {
    let opened = try open()
    let table = try CommandResult.of("sessions", "list", "--data", opened.data)
    #expect(table.code == 0 && table.output.contains("\(opened.sid)  admin    default  -"), "\(table)")
    for (arguments, count) in [
      (["--subject", "admin"], 1), (["--client", "default"], 1), (["--subject", "admin", "--client", "default"], 1),
      (["--subject", "nobody"], 0), (["--subject", "admin", "--client", "other"], 0),
    ] {
      let list = try CommandResult.of(
        BuiltCommand.path, ["sessions", "list", "--json", "--data", opened.data] + arguments)
      #expect(list.code == 0 && list.output.split(separator: "\n").count == count, "\(arguments): \(list)")
    }
  }

  @Test("show tells what a session is and what happened to it, and that it has ended")
  func shows() throws {
    let opened = try open()
    let shown = try CommandResult.of("sessions", "show", opened.sid, "--data", opened.data)
    #expect(shown.code == 0, "\(shown)")
    let events = shown.output.split(separator: "\n").filter { $0.first?.isNumber == true }
      .map { $0.split(separator: " ")[3] }
    #expect(events == ["opened", "rotated", "rotated"], "\(shown)")
    #expect(shown.output.contains("subject         admin\n"))
    #expect(try opened.server.stop() == 0)
    for count in ["1 session", "0 sessions"] {
      let ended = try CommandResult.of("sessions", "revoke", "--subject", "admin", "--data", opened.data)
      #expect(ended.code == 0 && ended.output == "revoked \(count)\n", "\(ended)")
    }
    let ended = try CommandResult.of("sessions", "show", opened.sid, "--data", opened.data)
    #expect(ended.code == 0 && ended.output.contains("has ended"), "\(ended)")
    #expect(ended.output.contains("revoked_before  subject=admin"), "\(ended)")
  }

  @Test("revoke ends one session or a subject's, and is 75 while a server has the log")
  func revokes() throws {
    let opened = try open()
    let busy = try CommandResult.of("sessions", "revoke", opened.sid, "--data", opened.data)
    #expect(busy.code == 75 && busy.isOneLineError, "\(busy)")
    #expect(try opened.server.stop() == 0)
    let revoked = try CommandResult.of("sessions", "revoke", opened.sid, "--data", opened.data)
    #expect(revoked.code == 0 && revoked.output == "revoked session \(opened.sid)\n", "\(revoked)")
    let again = try CommandResult.of("sessions", "revoke", opened.sid, "--data", opened.data)
    #expect(again.code == 1 && again.isOneLineError, "\(again)")
    #expect(try CommandResult.of("sessions", "list", "--data", opened.data, "--json").output.isEmpty)
    let server = try TestServer(data: opened.data)
    #expect(try server.connect().refresh(opened.client, opened.token).status == 400)
  }

  @Test("with --url, a running server is asked, and revokes at once")
  func asksAServer() throws {
    let opened = try open()
    let secret = "a secret of its own: é"
    let added = try CommandResult.of(
      BuiltCommand.path, ["clients", "add", "boss", "--admin", "--secret-stdin", "--data", opened.data],
      input: "a secret of its own\n")
    #expect(added.code == 0, "\(added)")
    func sessions(
      _ arguments: [String], secret: String = "a secret of its own", client: String = "boss", scheme: String = "http"
    ) throws -> CommandResult {
      let url = opened.server.url.replacing("http:", with: "\(scheme):")
      return try CommandResult.of(
        BuiltCommand.path, ["sessions"] + arguments + ["--url", url, "--client-id", client, "--secret-stdin"],
        input: secret + "\n")
    }
    let local = try CommandResult.of("sessions", "list", "--data", opened.data)
    #expect(try sessions(["list"]).output == local.output)
    #expect(try sessions(["list", "--subject", "admin", "--json"]).output.contains(opened.sid))
    #expect(try sessions(["list", "--subject", "a&client_id=default"]).output.split(separator: "\n").count == 1)
    #expect(try sessions(["show", opened.sid]).output.contains("subject         admin\n"))
    for (secret, client, says) in [(secret, "boss", "secret"), ("a secret of its own", "default", "secret")] {
      let refused = try sessions(["list"], secret: secret, client: client)
      #expect(refused.code == 1 && refused.isOneLineError && refused.errors.contains(says), "\(refused)")
    }
    let revoked = try sessions(["revoke", opened.sid])
    #expect(revoked.code == 0 && revoked.output == "revoked session \(opened.sid)\n", "\(revoked)")
    #expect(try sessions(["revoke", opened.sid]).code == 1)
    _ = try opened.server.connect().logIn(opened.client, password: opened.server.secret("PASSWORD"))
    for (arguments, count) in [
      (["--subject", "nobody"], "0 sessions"), (["--client", "default"], "1 session"), (["--all"], "0 sessions"),
    ] {
      let ended = try sessions(["revoke"] + arguments)
      #expect(ended.code == 0 && ended.output == "revoked \(count)\n", "\(ended)")
    }
    #expect(try opened.server.connect().refresh(opened.client, opened.token).status == 400)
    let plain = try sessions(["list"], scheme: "https")
    #expect(plain.code == 78 && plain.isOneLineError && plain.errors.contains("does not speak TLS"), "\(plain)")
    #expect(try opened.server.stop() == 0)
    let gone = try sessions(["list"])
    let says = "\(opened.server.url) cannot be reached: connection refused"
    #expect(gone.code == 75 && gone.isOneLineError && gone.errors.contains(says), "\(gone)")
  }

  @Test(
    "what names no session, or too many, is a usage error of one line",
    arguments: [
      ["sessions", "show", "short"], ["sessions", "revoke"], ["sessions", "revoke", "short"],
      ["sessions", "revoke", "--subject", ""], ["sessions", "revoke", "--client", "", "--subject", "a"],
      ["sessions", "revoke", "AAAAAAAAAAAAAAAA", "--all"], ["sessions", "revoke", "--all", "--subject", "a"],
      ["sessions", "list", "--url", "http://127.0.0.1:1"], ["sessions", "list", "--client-id", "a"],
      ["sessions", "list", "--url", "127.0.0.1", "--client-id", "a", "--secret-stdin"],
    ])
  func usage(arguments: [String]) throws {
    let result = try CommandResult.of(BuiltCommand.path, arguments)
    #expect(result.code == 64 && result.isOneLineError, "\(result)")
  }

  @Test("a server and a folder at the same time are refused by every command that takes either: 64")
  func contradiction() throws {
    for words in ["sessions list", "sessions show AAAAAAAAAAAAAAAA", "sessions revoke --all", "export"] {
      let arguments = words.split(separator: " ").map(String.init)
      let result = try CommandResult.of(
        BuiltCommand.path,
        arguments + ["--url", "http://127.0.0.1:1", "--client-id", "a", "--secret-stdin", "--data", "ledger-data"],
        input: "secret")
      #expect(result.code == 64 && result.isOneLineError && result.errors.contains("either a server"), "\(result)")
    }
  }

  @Test("list asks a server page by page over one connection")
  func oneConnection() throws {
    let connections = Mutex(0)
    let pages = Mutex(0)
    let row =
      #"{"sid":"AAAAAAAAAAAAAAAA","subject":"ann","client_id":"web","scope":"","rotation":"always","generation":1,"opened_at_ms":0,"last_used_at_ms":0,"idle_end_ms":0,"absolute_end_ms":0}"#
    let endpoint = try LoadTestEndpoint(
      { _ in
        let page = pages.withLock { pages in
          pages += 1
          return pages
        }
        let next = page < 5 ? ",\"next\":\"x\"" : ""
        return LoadTestEndpoint.Reply(body: "{\"sessions\":[\(row)]\(next)}")
      }, onConnection: { connections.withLock { $0 += 1 } })
    let list = try CommandResult.of(
      "sessions", "list", "--json", "--url", endpoint.url, "--client-id", "a", "--secret-stdin", input: "secret")
    #expect(list.code == 0 && list.output.split(separator: "\n").count == 5, "\(list)")
    #expect(connections.withLock { $0 } == 1)
  }
}
