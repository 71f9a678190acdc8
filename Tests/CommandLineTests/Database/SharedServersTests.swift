#if Postgres
import Foundation
import Testing

@Suite("Servers and commands on one database")
struct SharedServersTests {
  @Test("A token of one server is rotated at another, and is refused at a third once it was consumed")
  func anyServer() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    let servers = try (0..<3).map { _ in try shared.serve() }
    #expect(servers[0].banner.contains("database postgresql://postgres@127.0.0.1:"))
    let first = try servers[0].connect().logIn(CommandDatabase.client, name: "ann", password: "correct%20horse")
    #expect(first.status == 200, "\(first)")
    let token = first.member("refresh_token")
    let rotated = try servers[1].connect().refresh(CommandDatabase.client, token)
    #expect(rotated.status == 200, "\(rotated)")
    #expect(try servers[2].connect().get("/me", bearer: rotated.member("access_token")).status == 200)
    let replayed = try servers[2].connect().refresh(CommandDatabase.client, token)
    #expect(replayed.status == 400 && replayed.member("error") == "invalid_grant", "\(replayed)")
    for server in servers { #expect(try server.stop() == 0) }
  }

  @Test("What a command changes of users, clients and sessions is in force at a server that runs")
  func followed() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    let server = try shared.serve()
    let connection = try server.connect()
    #expect(try shared.run("users", "add", "bob", "--password-stdin", input: "long enough\n").code == 0)
    func opensSession() throws -> TestReply? {
      let reply = try connection.logIn(CommandDatabase.client, name: "bob", password: "long%20enough")
      return reply.status == 200 ? reply : nil
    }
    let opened = try #require(try eventually(opensSession))
    let list = try shared.run("sessions", "list", "--subject", "bob", "--json")
    let row = try #require(JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any], "\(list)")
    let sid = try #require(row["sid"] as? String)
    let shown = try shared.run("sessions", "show", sid)
    #expect(shown.code == 0 && shown.output.contains("opened") && shown.output.contains("subject"), "\(shown)")
    let access = opened.member("access_token")
    #expect(try connection.get("/me", bearer: access).status == 200)
    let revoked = try shared.run("sessions", "revoke", sid)
    #expect(revoked.code == 0 && revoked.output == "revoked session \(sid)\n", "\(revoked)")
    #expect(try eventually { try connection.get("/me", bearer: access).status == 401 ? true : nil } != nil)
    #expect(try shared.run("sessions", "revoke", sid).code == 1)
    #expect(try shared.run("users", "disable", "ann").code == 0)
    let refused = try eventually {
      try connection.logIn(CommandDatabase.client, name: "ann", password: "correct%20horse").status == 400 ? true : nil
    }
    #expect(refused != nil)
    #expect(try server.stop() == 0)
  }

  @Test("Keys in the database are listed and rotated, and only with the file that sealed them")
  func keys() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    let listed = try shared.run("keys", "list")
    #expect(listed.code == 0 && listed.output.contains("current") && listed.output.contains("refresh"), "\(listed)")
    let patience = ["REFRESH_LEDGER_STORE_STALE_AFTER": "1h"]
    let early = try shared.run("keys", "rotate", "--refresh", environment: patience)
    #expect(early.code == 1 && early.isOneLineError, "\(early)")
    #expect(try shared.run("keys", "rotate", "--refresh", "--force", environment: patience).code == 0)
    let other = "\(shared.folder.path)/other.key"
    try Data((0..<32).map { UInt8($0) }).write(to: URL(fileURLWithPath: other))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: other)
    let closed = try shared.run("keys", "list", "--master-key", other)
    #expect(closed.code == 78 && closed.isOneLineError && closed.errors.contains(other), "\(closed)")
    let unnamed = try shared.run("keys", "list", environment: ["REFRESH_LEDGER_STORE_MASTER_KEY": ""])
    #expect(unnamed.code == 78 && unnamed.errors.contains("--master-key"), "\(unnamed)")
  }

  @Test("Sessions leave one database as lines, and come into another as sessions whose tokens are good there")
  func moved() async throws {
    let (from, to) = (try await CommandDatabase.make(), try await CommandDatabase.make())
    try from.makeLedger()
    try to.makeLedger()
    let server = try from.serve()
    let opened = try server.connect().logIn(CommandDatabase.client, name: "ann", password: "correct%20horse")
    #expect(opened.status == 200, "\(opened)")
    let exported = try from.run("export")
    #expect(exported.code == 0 && exported.output.split(separator: "\n").count == 1, "\(exported)")
    let lines = try to.folder.write("sessions.jsonl", exported.output)
    let tokens = "\(to.folder.path)/tokens.jsonl"
    let tried = try to.run("import", lines, "--dry-run")
    #expect(tried.code == 0 && tried.output.contains("1 sessions can be imported"), "\(tried)")
    let imported = try to.run("import", lines, "--tokens", tokens)
    #expect(imported.code == 0 && imported.output.contains("imported 1 sessions"), "\(imported)")
    let line = try Data(contentsOf: URL(fileURLWithPath: tokens))
    let row = try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
    let other = try to.serve()
    let token = try #require(row["refresh_token"] as? String)
    #expect(try other.connect().refresh(CommandDatabase.client, token).status == 200)
    #expect(try server.stop() == 0 && other.stop() == 0)
  }

  @Test("fence ends every session, also at a server that runs, and new ones can be opened")
  func fence() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    let server = try shared.serve()
    func logIn() throws -> TestReply {
      try server.connect().logIn(CommandDatabase.client, name: "ann", password: "correct%20horse")
    }
    let token = try logIn().member("refresh_token")
    let fenced = try shared.run("database", "fence")
    #expect(fenced.code == 0 && fenced.output.contains("ended 1 session and"), "\(fenced)")
    let refused = try eventually {
      try server.connect().refresh(CommandDatabase.client, token).status == 400 ? true : nil
    }
    #expect(refused != nil)
    #expect(try eventually { try logIn().status == 200 ? true : nil } != nil)
    #expect(try server.stop() == 0)
  }

  @Test("top counts the events of all servers")
  func top() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    let shown = try shared.run("top", "--count", "1", "--json")
    let reading = try #require(
      JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any], "\(shown)")
    #expect(shown.code == 0 && reading["lastSequence"] is Int && reading["kinds"] is [String: Any], "\(shown)")
  }

  /// What the work gives, at most some seconds from now.
  private func eventually<Found>(_ work: () throws -> Found?) throws -> Found? {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if let found = try work() { return found }
      usleep(20_000)
    }
    return nil
  }
}
#endif
