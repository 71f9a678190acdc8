import Foundation
import Testing

/// The commands that look after the log: checkpoint, backup, restore, repair, history.
@Suite struct LogCareTests {
  /// A server with one session, whose refresh token was rotated `rotations` times.
  private struct Served {
    var folder: TestFolder
    var data: String
    var server: TestServer
    var client: TestClient
    var password: String
    var tokens: [String]
    var sid: String
    var isWorking: Bool
  }

  private func serve(rotations: Int) throws -> Served {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let password = try server.secret("PASSWORD")
    let connection = try server.connect()
    let reply = try connection.logIn(client, password: password)
    var tokens = [reply.member("refresh_token")]
    let me = try connection.get("/me", bearer: reply.member("access_token"))
    for _ in 0..<rotations {
      tokens.append(try connection.refresh(client, try #require(tokens.last)).member("refresh_token"))
    }
    return Served(
      folder: folder, data: data, server: server, client: client, password: password, tokens: tokens,
      sid: me.member("session"), isWorking: me.status == 200)
  }

  private func status(of token: String, _ served: Served, data: String? = nil) throws -> Int {
    let server = try TestServer(data: data ?? served.data)
    defer { _ = try? server.stop() }
    return try server.connect().refresh(served.client, token).status
  }

  private func copySmallFiles(from data: String, to copy: String) throws {
    for name in ["keys", "users.json", "clients.json"] {
      try FileManager.default.copyItem(atPath: "\(data)/\(name)", toPath: "\(copy)/\(name)")
    }
  }

  @Test("A checkpoint is written by the running server when asked, and by the command itself when none runs")
  func checkpoint() throws {
    let served = try serve(rotations: 3)
    let asked = try CommandResult.of("log", "checkpoint", "--data", served.data)
    #expect(asked.code == 0 && asked.output.hasPrefix("the server wrote a checkpoint of record "), "\(asked)")
    let none = try CommandResult.of("log", "checkpoint", "--data", served.data)
    #expect(none.code == 0 && none.output.hasPrefix("nothing to do"), "\(none)")
    let next = try served.server.connect().refresh(served.client, try #require(served.tokens.last))
    #expect(next.status == 200)
    #expect(try served.server.stop() == 0)
    let direct = try CommandResult.of("log", "checkpoint", "--data", served.data)
    #expect(direct.code == 0 && direct.output.hasPrefix("checkpoint of record "), "\(direct)")
    let again = try CommandResult.of("log", "checkpoint", "--data", served.data)
    #expect(again.code == 0 && again.output.hasPrefix("nothing to do"), "\(again)")
    #expect(try CommandResult.of("log", "verify", "--data", served.data).code == 0)
    #expect(try status(of: next.member("refresh_token"), served) == 200)
    #expect(try status(of: served.tokens[0], served) == 400)
  }

  @Test("A backup of a running server verifies, is not served as it is, and once restored makes no spent token live")
  func backupAndRestore() throws {
    let served = try serve(rotations: 2)
    let backup = "\(served.folder.path)/backup"
    let made = try CommandResult.of("log", "backup", "--data", served.data, "--to", backup)
    #expect(made.code == 0, "\(made)")
    #expect(try CommandResult.of("log", "verify", "--data", backup).code == 0)
    let live = try #require(served.tokens.last)
    #expect(try served.server.connect().refresh(served.client, live).status == 200)
    #expect(try served.server.stop() == 0)
    try copySmallFiles(from: served.data, to: backup)
    let refused = try CommandResult.of("serve", "--data", backup, "--port", "0")
    #expect(refused.code == 1 && refused.isOneLineError && refused.errors.contains("log restore"), "\(refused)")
    let restored = "\(served.folder.path)/restored"
    let restore = try CommandResult.of("log", "restore", "--data", restored, "--from", backup)
    #expect(restore.code == 0 && restore.output.contains("1 sessions and 0 one-time tokens ended"), "\(restore)")
    try copySmallFiles(from: served.data, to: restored)
    // Live in the backup, spent since.
    #expect(try status(of: live, served, data: restored) == 400)
    let server = try TestServer(data: restored)
    #expect(try server.connect().logIn(served.client, password: served.password).status == 200)
    #expect(try server.stop() == 0)
  }

  @Test("A backup is not made over a log, and a restore without a backup is 66")
  func backupRefusals() throws {
    let served = try serve(rotations: 0)
    let over = try CommandResult.of("log", "backup", "--data", served.data, "--to", served.data)
    #expect(over.code == 75 || over.code == 73, "\(over)")
    #expect(over.isOneLineError)
    let restore = try CommandResult.of(
      "log", "restore", "--data", "\(served.folder.path)/new", "--from", "\(served.folder.path)/none")
    #expect(restore.code == 66 && restore.isOneLineError, "\(restore)")
    #expect(try served.server.stop() == 0)
  }

  @Test("A repair shows its plan and changes nothing, then saves what is whole, keeps every byte and ends its sessions")
  func repair() throws {
    let served = try serve(rotations: 5)
    #expect(try served.server.stop() == 0)
    let whole = try CommandResult.of("log", "repair", "--data", served.data)
    #expect(whole.code == 0 && whole.output == "the log is whole: nothing to repair\n", "\(whole)")
    let segment = URL(fileURLWithPath: "\(served.data)/log/wal-0000000000000001.lz4")
    var bytes = try Data(contentsOf: segment)
    bytes[bytes.count - 60] ^= 0x10
    try bytes.write(to: segment)
    let before = try TestFolder.contents(of: served.data)
    let plan = try CommandResult.of("log", "repair", "--data", served.data)
    #expect(plan.code == 1 && plan.output.contains("damage in wal-0000000000000001.lz4 at offset "), "\(plan)")
    #expect(try TestFolder.contents(of: served.data) == before)
    let applied = try CommandResult.of("log", "repair", "--data", served.data, "--apply")
    #expect(applied.code == 0 && applied.output.contains("1 sessions and 0 one-time tokens ended"), "\(applied)")
    let kept = URL(fileURLWithPath: "\(served.data)/log/damaged-wal-0000000000000001.lz4")
    #expect(try Data(contentsOf: kept) == bytes)
    #expect(try CommandResult.of("log", "verify", "--data", served.data).code == 0)
    for token in served.tokens { #expect(try status(of: token, served) == 400) }
  }

  @Test("A session's life is told from the log, also across a checkpoint; an unknown one is 1, a malformed id 64")
  func history() throws {
    let served = try serve(rotations: 2)
    #expect(served.isWorking)
    let told = try CommandResult.of("log", "history", "--data", served.data, "--session", served.sid)
    let events = told.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ")[3] }
    #expect(told.code == 0 && events == ["opened", "rotated", "rotated"], "\(told)")
    #expect(try CommandResult.of("log", "checkpoint", "--data", served.data).code == 0)
    _ = try served.server.connect().refresh(served.client, served.tokens[0])
    let later = try CommandResult.of("log", "history", "--data", served.data, "--subject", "admin", "--json")
    #expect(later.code == 0)
    let kinds = later.output.split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["kind"] as? String
    }
    #expect(kinds == ["session", "reused"], "\(later)")
    let unknown = try CommandResult.of("log", "history", "--data", served.data, "--session", "AAAAAAAAAAAAAAAA")
    #expect(unknown.code == 1 && unknown.isOneLineError, "\(unknown)")
    for arguments in [["--session", "short"], [], ["--session", served.sid, "--subject", "admin"]] {
      let wrong = try CommandResult.of(BuiltCommand.path, ["log", "history", "--data", served.data] + arguments)
      #expect(wrong.code == 64, "\(wrong)")
    }
    #expect(try served.server.stop() == 0)
  }
}
