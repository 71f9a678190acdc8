import Foundation
import Glibc
import SystemPackage
import Testing

@testable import TokenLedger

/// One user, whose name is typed in two ways.
@Suite("A name that is typed in another Unicode form")
struct NameCommandTests {
  private static let kept = "jos\u{E9}"
  private static let other = "jose\u{301}"
  private static let spellings = [kept, other]
  private static let password = "the password of him"

  private struct Made {
    let folder: TestFolder
    let data: String
    let client: TestClient

    func run(_ arguments: String..., input: String = "") throws -> CommandResult {
      try CommandResult.of(BuiltCommand.path, arguments + ["--data", data], input: input)
    }

    func lines(_ arguments: String...) throws -> Int {
      let result = try CommandResult.of(BuiltCommand.path, arguments + ["--json", "--data", data])
      #expect(result.code == 0, "\(result)")
      return result.output.filter(\.isNewline).count
    }
  }

  private static func escaped(_ name: String) -> String {
    name.utf8.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "%" + String($0, radix: 16, uppercase: true) }.joined()
  }

  /// A folder from init with the admin client `boss` and a user that was added in one of the spellings.
  private func make(adding name: String = kept) throws -> Made {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try CommandResult.of("init", "--data", data, "--config", "\(folder.path)/settings.yaml").code == 0)
    let made = Made(folder: folder, data: data, client: TestClient("boss:a secret of the admin"))
    let boss = try made.run("clients", "add", "boss", "--admin", "--secret-stdin", input: "a secret of the admin\n")
    let user = try made.run("users", "add", name, "--password-stdin", input: Self.password + "\n")
    try #require(boss.code == 0 && user.code == 0, "\(boss) \(user)")
    return made
  }

  /// Imports a session of the user in the other spelling; returns its refresh token.
  private func bring(_ made: Made, _ name: String = other) throws -> String {
    let file = try made.folder.write("sessions.jsonl", "{\"subject\":\"\(name)\",\"client_id\":\"boss\"}\n")
    let tokens = "\(made.folder.path)/tokens-\(UUID().uuidString)"
    let result = try made.run("import", file, "--tokens", tokens)
    try #require(result.code == 0, "\(result)")
    let line = try String(contentsOfFile: tokens, encoding: .utf8)
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    return try #require(object["refresh_token"] as? String)
  }

  private func isRefused(_ server: TestServer, _ made: Made, _ token: String) throws -> Bool {
    try server.connect().refresh(made.client, token).status == 400
  }

  /// A running server sees a change of its accounts within 100 ms.
  private func isEnded(_ server: TestServer, _ made: Made) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      if try made.lines("sessions", "list") == 0 { return true }
      usleep(20_000)
    }
    return false
  }

  @Test("is taken by import as the name in NFC, whose sessions a DELETE in either form ends", arguments: spellings)
  func importAndDelete(name: String) throws {
    let made = try make()
    let token = try bring(made)
    #expect(try made.lines("sessions", "list", "--subject", Self.kept) == 1)
    let server = try TestServer(data: made.data)
    let path = "/admin/sessions?subject=\(Self.escaped(name))"
    let listed = try server.connect().send("GET", path, headers: ["Authorization": made.client.authorization], body: "")
    #expect(listed.status == 200 && listed.body.contains("\"sid\""), "\(listed)")
    let ended = try server.connect().send(
      "DELETE", path, headers: ["Authorization": made.client.authorization], body: "")
    #expect((200...204).contains(ended.status), "\(ended)")
    #expect(try isRefused(server, made, token))
    #expect(try server.stop() == 0)
  }

  @Test(
    "ends the imported sessions by users disable, password and remove, beside a server and without one",
    arguments: [
      (["disable"], true), (["password", "--password-stdin"], true), (["remove"], true), (["disable"], false),
      (["password", "--password-stdin"], false),
    ])
  func changes(command: [String], whileRunning: Bool) throws {
    for (added, changed) in [(Self.kept, Self.other), (Self.other, Self.kept)] {
      let made = try make(adding: added)
      let token = try bring(made)
      let running = whileRunning ? try TestServer(data: made.data) : nil
      let result = try CommandResult.of(
        BuiltCommand.path, ["users"] + command + [changed, "--data", made.data], input: "another password\n")
      #expect(result.code == 0 && result.output.contains(Self.kept), "\(result)")
      let server = try running ?? TestServer(data: made.data)
      #expect(try isEnded(server, made))
      #expect(try isRefused(server, made, token))
      #expect(try server.stop() == 0)
    }
  }

  @Test("selects the same sessions in list, revoke, history and tail", arguments: spellings)
  func selects(name: String) throws {
    let made = try make()
    _ = try bring(made)
    #expect(try made.lines("sessions", "list", "--subject", name) == 1)
    #expect(try made.lines("sessions", "list", "--subject", name, "--client", "boss") == 1)
    #expect(try made.lines("log", "history", "--subject", name) == 1)
    #expect(try made.lines("log", "tail", "--subject", name) == 1)
    let revoked = try made.run("sessions", "revoke", "--subject", name)
    #expect(revoked.code == 0 && revoked.output.hasPrefix("revoked 1 "), "\(revoked)")
    #expect(try made.lines("sessions", "list") == 0)
  }

  @Test("logs in and refreshes as the user in NFC", arguments: spellings)
  func logIn(name: String) throws {
    let made = try make(adding: Self.other)
    let server = try TestServer(data: made.data)
    let password = Self.password.replacing(" ", with: "%20")
    let reply = try server.connect().logIn(made.client, name: Self.escaped(name), password: password)
    #expect(reply.status == 200, "\(reply)")
    let me = try server.connect().get("/me", bearer: reply.member("access_token"))
    // Of é in NFC; in the other form a mark would stand there, which begins with CC.
    #expect(me.body.utf8.contains(0xC3) && !me.body.utf8.contains(0xCC), "\(me)")
    #expect(try server.connect().refresh(made.client, reply.member("refresh_token")).status == 200)
    #expect(try server.stop() == 0)
  }

  /// A folder as an older release left it: the user's name, and that of its session, in the other form.
  private func old() async throws -> Made {
    let made = try make()
    let path = "\(made.data)/users.json"
    let users = try String(contentsOfFile: path, encoding: .utf8)
    let unversioned = users.replacing(try Regex(",\\s*\"version\" : \"[^\"]*\""), with: "")
    let bytes = unversioned.unicodeScalars.map { $0 == "\u{E9}" ? "e\u{301}" : String($0) }.joined()
    try Data(bytes.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o600)
    let clients = "\(made.data)/clients.json"
    let text = try String(contentsOfFile: clients, encoding: .utf8)
    try Data(text.replacing(try Regex(",\\s*\"version\" : \"[^\"]*\""), with: "").utf8)
      .write(to: URL(fileURLWithPath: clients))
    chmod(clients, 0o600)
    let ledger = try await RefreshLedger.open(folder: FilePath(made.data).appending("log")).ledger
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 3_600_000, absoluteMilliseconds: 3_600_000))
    let grant = SessionGrant(subject: Self.other, client: "boss", scope: "", lifetimes: lifetimes)
    _ = try await ledger.openAsBefore(grant)
    try await ledger.close()
    return made
  }

  @Test("of an older release's file and log is found, listed and ended by either form", arguments: spellings)
  func oldFolder(name: String) async throws {
    let made = try await old()
    #expect(try made.lines("sessions", "list", "--subject", name) == 1)
    #expect(try made.lines("log", "history", "--subject", name) == 1)
    let server = try TestServer(data: made.data)
    let password = Self.password.replacing(" ", with: "%20")
    #expect(try server.connect().logIn(made.client, name: Self.escaped(name), password: password).status == 200)
    #expect(try made.lines("sessions", "list", "--subject", name) == 2)
    #expect(try made.run("users", "disable", name).code == 0)
    #expect(try isEnded(server, made))
    #expect(try server.stop() == 0)
  }

  @Test("of an older release is ended by sessions revoke and at a start after users disable", arguments: spellings)
  func oldFolderOffline(name: String) async throws {
    let made = try await old()
    let revoked = try made.run("sessions", "revoke", "--subject", name)
    #expect(revoked.code == 0 && revoked.output.hasPrefix("revoked 1 "), "\(revoked)")
    let again = try await old()
    #expect(try again.run("users", "disable", name).code == 0)
    let server = try TestServer(data: again.data)
    #expect(try isEnded(server, again))
    #expect(try server.stop() == 0)
  }

  @Test("of an older release is told by doctor, in the file and in the log, each with what to do")
  func doctor() async throws {
    let made = try await old()
    let result = try made.run("doctor")
    #expect(result.output.contains("jos\u{E9} (written \"jose\\u{0301}\")"), "\(result)")
    #expect(result.output.components(separatedBy: "not in Unicode's form NFC").count == 3, "\(result)")
    let line = try #require(
      result.output.split(separator: "\n").first { $0.contains("rewrites the file with all names in NFC") })
    #expect(line.contains("users enable admin --data"), "\(result)")
    #expect(try made.run("users", "enable", "admin").code == 0)
    #expect(try made.run("sessions", "revoke", "--subject", Self.kept).code == 0)
    let after = try made.run("doctor")
    #expect(!after.output.contains("Unicode"), "\(after)")
  }

  @Test("is no second user: a file with one name in two spellings is refused with its places")
  func duplicates() throws {
    let made = try make()
    let path = "\(made.data)/users.json"
    let users = try String(contentsOfFile: path, encoding: .utf8)
    let name = try #require(users.range(of: "\"name\" : \"admin\""))
    let bytes = users.replacingCharacters(in: name, with: "\"name\" : \"\(Self.other)\"")
    try Data(bytes.utf8).write(to: URL(fileURLWithPath: path))
    let list = try made.run("users", "list")
    #expect(list.code == 78 && list.isOneLineError, "\(list)")
    #expect(list.errors.contains("users.json: user 2, ") && list.errors.contains("first as user 1"), "\(list)")
  }
}

extension RefreshLedger {
  /// Opens a session as releases did before names were normalised.
  fileprivate func openAsBefore(_ grant: SessionGrant) throws(LedgerError) -> Session {
    try machine.open(grant, into: &events).outcome
  }
}
