import Foundation
import Testing
import TokenLedger

@testable import refresh_ledger

@Suite("doctor")
struct DoctorTests {
  private struct Finding: Decodable {
    var verdict: String
    var check: String
    var what: String
    var fix: String?
  }

  private struct Made {
    let folder: TestFolder
    let data: String
    let config: String
  }

  private func make() throws -> Made {
    let folder = try TestFolder()
    let made = Made(folder: folder, data: "\(folder.path)/data", config: "\(folder.path)/settings.yaml")
    #expect(try CommandResult.of("init", "--data", made.data, "--config", made.config).code == 0)
    let text = try String(contentsOfFile: made.config, encoding: .utf8)
    _ = try folder.write("settings.yaml", text.replacing("port: 8080", with: "port: 0"))
    return made
  }

  private func findings(_ made: Made, _ more: String...) throws -> (code: Int32, [Finding]) {
    let result = try CommandResult.of(
      BuiltCommand.path, ["doctor", "--json", "--data", made.data, "--config", made.config] + more)
    #expect(result.errors == "", "\(result)")
    return (
      result.code,
      try result.output.split(separator: "\n").map { try JSONDecoder().decode(Finding.self, from: Data($0.utf8)) }
    )
  }

  private func served(_ made: Made) throws -> TestServer { try TestServer(data: made.data, config: made.config) }

  @Test("A folder from init is fine before its first start, while its server runs and after it was stopped")
  func healthy() throws {
    let made = try make()
    let (fresh, before) = try findings(made)
    #expect(fresh == 0 && !before.contains { $0.verdict == "problem" }, "\(before)")
    let server = try served(made)
    let contents = try TestFolder.contents(of: made.data)
    let (running, during) = try findings(made)
    #expect(running == 0 && !during.contains { $0.verdict == "problem" }, "\(during)")
    #expect(during.contains { $0.what == "process \(server.child.id) has the log open" }, "\(during)")
    try TestFolder.expectOnlyAppends(in: made.data, since: contents)
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(try server.stop() == 0)
    let (stopped, after) = try findings(made)
    #expect(stopped == 0 && after.contains { $0.check == "log" && $0.what.contains("closed cleanly") }, "\(after)")
    for check in [
      "configuration", "data folder", "server", "keys", "users", "clients", "space", "open files", "disk", "log",
      "checkpoint", "clock",
    ] {
      #expect(after.contains { $0.check == check }, "\(check)")
    }
  }

  @Test("A key that others can read is a problem with its fix, and the fix fixes it")
  func exposedKey() throws {
    let made = try make()
    let key = "\(made.data)/keys/refresh.json"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
    let (code, findings) = try findings(made)
    #expect(code == 1)
    let fix = try #require(findings.first { $0.verdict == "problem" && $0.check == "data folder" }?.fix)
    #expect(try CommandResult.of("sh", ["-c", fix]).code == 0)
    #expect(try self.findings(made).code == 0)
  }

  @Test("A file of others in the data folder is not judged")
  func foreignFile() throws {
    let made = try make()
    let path = "\(made.data)/letter.txt"
    try Data("a letter".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let (code, findings) = try findings(made)
    #expect(code == 0 && !findings.contains { $0.what.contains("letter.txt") }, "\(findings)")
  }

  @Test("A damaged log is a problem that names the place, and what is left after the fix is not")
  func damage() throws {
    let made = try make()
    let server = try served(made)
    #expect(
      try server.connect().logIn(TestClient("default:none"), password: "none").status == 401)
    #expect(try server.stop() == 0)
    let log = "\(made.data)/log/wal-0000000000000001.lz4"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: log))
    bytes[10] ^= 1
    try bytes.write(to: URL(fileURLWithPath: log))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: log)
    let (code, findings) = try findings(made)
    let problem = try #require(findings.first { $0.verdict == "problem" })
    #expect(code == 1 && problem.what.contains("wal-0000000000000001.lz4"), "\(findings)")
    #expect(problem.fix?.hasPrefix("refresh-ledger log repair --data ") == true)
  }

  @Test("A backup that is not yet restored is a problem")
  func backup() throws {
    let made = try make()
    let server = try served(made)
    #expect(try server.stop() == 0)
    let copy = "\(made.folder.path)/copy"
    #expect(try CommandResult.of("log", "backup", "--data", made.data, "--to", copy).code == 0)
    for name in ["keys", "users.json", "clients.json"] {
      try FileManager.default.copyItem(atPath: "\(made.data)/\(name)", toPath: "\(copy)/\(name)")
    }
    let (code, findings) = try findings(Made(folder: made.folder, data: copy, config: made.config))
    #expect(code == 1 && findings.contains { $0.fix?.contains("log restore") == true }, "\(findings)")
  }

  @Test("A bad setting, missing keys and a taken port are problems, and the rest is still looked at")
  func problems() throws {
    let made = try make()
    let server = try served(made)
    #expect(try server.stop() == 0)
    let taken = try TestServer(data: "\(made.folder.path)/other")
    try FileManager.default.removeItem(atPath: "\(made.data)/keys")
    _ = try made.folder.write("settings.yaml", "http: { port: \(taken.port) }\n")
    let (code, findings) = try findings(made)
    #expect(code == 1)
    let problems = findings.filter { $0.verdict == "problem" }
    #expect(problems.contains { $0.check == "keys" } && problems.contains { $0.check == "address" }, "\(findings)")
    _ = try made.folder.write("settings.yaml", "http: { prot: 1 }\n")
    let (second, others) = try self.findings(made)
    #expect(second == 1 && others.first?.what.contains("did you mean http.port?") == true, "\(others)")
    #expect(others.contains { $0.check == "clock" && $0.verdict == "ok" })
    #expect(try taken.stop() == 0)
  }

  @Test("A clock behind the log is named with its shift")
  func clock() throws {
    let made = try make()
    let server = try served(made)
    let client = TestClient("default:wrong")
    _ = try server.connect().logIn(client, password: "wrong")
    #expect(try server.stop() == 0)
    #expect(try CommandResult.of("sessions", "revoke", "--all", "--data", made.data).code == 0)
    let settings = try ServerSettings(try SettingSources(flags: [:], environment: [:], filePath: nil))
    var data = DataFolderOption()
    data.given = made.data
    let folder = data
    func verdicts(_ now: Timestamp) -> [DoctorFinding.Verdict] {
      DoctorLog(data: folder, settings: settings, isServed: false, wallClock: SessionClock { now }).findings()
        .filter { $0.check == "clock" }.map(\.verdict)
    }
    #expect(verdicts(.zero) == [.warning])
    #expect(verdicts(SessionClock.system.now()) == [.ok])
  }

  @Test("A folder that is missing is 66, a configuration file that is missing too")
  func missing() throws {
    let folder = try TestFolder()
    let none = try CommandResult.of("doctor", "--data", "\(folder.path)/none")
    #expect(none.code == 66 && none.isOneLineError, "\(none)")
    let config = try CommandResult.of("doctor", "--data", folder.path, "--config", "\(folder.path)/none.yaml")
    #expect(config.code == 66 && config.isOneLineError, "\(config)")
  }

  @Test("For people it prints a line for each finding, its fix below it, and a count")
  func text() throws {
    let made = try make()
    let result = try CommandResult.of("doctor", "--data", made.data, "--config", made.config)
    #expect(
      result.code == 0 && result.output.hasSuffix("no problem, \(result.output.split(separator: ", ").last ?? "")"))
    #expect(
      result.output.contains("ok       users         1, all enabled\n") && !result.output.contains("\u{1B}"),
      "\(result)")
  }

  @Test("Who holds a lock is read from the system's list, by the file's number")
  func holder() {
    let locks = """
      1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF
      2: FLOCK  ADVISORY  READ 12 08:01:77 0 EOF
      3: FLOCK  ADVISORY  WRITE 13 08:01:78 0 EOF
      4: FLOCK  ADVISORY  WRITE 14 fd:00:77 0 EOF
      """
    #expect(LockHolder.holder(of: 77, in: locks) == 14 && LockHolder.holder(of: 78, in: locks) == 13)
    #expect(LockHolder.holder(of: 79, in: locks) == nil)
  }
}
