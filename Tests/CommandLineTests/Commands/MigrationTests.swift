import Foundation
import Glibc
import Testing

@testable import refresh_ledger

@Suite("export and import")
struct MigrationTests {
  private struct Made {
    let folder: TestFolder
    let data: String
    let config: String
    let client: TestClient
  }

  /// A folder from init with the user admin and the client default.
  private func make(_ more: String = "") throws -> Made {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let made = try CommandResult.of("init", "--json", "--data", data, "--config", "\(folder.path)/made.yaml")
    let outcome = try #require(JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: String])
    let config = try folder.write("settings.yaml", "log: { durability: none }\n" + more)
    return Made(
      folder: folder, data: data, config: config, client: TestClient("default:\(try #require(outcome["secret"]))"))
  }

  private func bring(_ made: Made, _ file: String, _ more: String...) throws -> CommandResult {
    try CommandResult.of(
      BuiltCommand.path, ["import", file, "--data", made.data, "--config", made.config, "--json"] + more)
  }

  private func lines(_ count: Int) -> String {
    (0..<count).map {
      "{\"subject\":\"admin\",\"client_id\":\"default\",\"scope\":\"read\",\"label\":\"device \($0)\"}\n"
    }
    .joined()
  }

  private func counts(_ result: CommandResult) throws -> [String: Int] {
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
    return object.filter { $0.key != "dryRun" }.compactMapValues { $0 as? Int }
  }

  private func tokens(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      let object = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      return try #require(object?["refresh_token"] as? String)
    }
  }

  private func sessionCount(_ made: Made) throws -> Int {
    try CommandResult.of("sessions", "list", "--json", "--data", made.data).output.filter(\.isNewline).count
  }

  @Test(
    "Imported sessions go on with the tokens in the file, which is its owner's alone; run again it opens none twice")
  func imports() throws {
    let made = try make()
    // Twice the same line is two sessions.
    let file = try made.folder.write("sessions.jsonl", lines(3) + lines(1) + "\n")
    let tokens = "\(made.folder.path)/tokens"
    let first = try bring(made, file, "--tokens", tokens)
    #expect(first.code == 0, "\(first)")
    #expect(try counts(first) == ["lines": 4, "imported": 4, "ended": 0, "present": 0, "gone": 0])
    #expect(try TestFolder.mode(of: tokens) == 0o600)
    #expect(try sessionCount(made) == 4)
    let again = try bring(made, file, "--tokens", "\(made.folder.path)/again")
    #expect(try counts(again)["imported"] == 0 && counts(again)["present"] == 4, "\(again)")
    #expect(try self.tokens(tokens) == self.tokens("\(made.folder.path)/again"))
    #expect(try sessionCount(made) == 4)
    let server = try TestServer(data: made.data, config: made.config)
    let token = try self.tokens(tokens)[0]
    let reply = try server.connect().refresh(made.client, token)
    #expect(reply.status == 200 && reply.member("scope") == "read", "\(reply)")
    #expect(try server.connect().refresh(made.client, token).status == 400)
    let busy = try bring(made, file, "--tokens", "\(made.folder.path)/busy")
    #expect(busy.code == 75 && busy.isOneLineError, "\(busy)")
    #expect(try server.stop() == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(made.folder.path)/busy.partial"))
  }

  @Test("Whenever kill -9 comes amid an import, running it again leaves each line with one session and its token")
  func killed() throws {
    let made = try make()
    let count = 12_000
    let file = try made.folder.write("sessions.jsonl", lines(count))
    let tokens = "\(made.folder.path)/tokens"
    let log = "\(made.data)/log/wal-0000000000000001.lz4"
    var kills = 0
    for round in 1...4 {
      let child = try ChildCommand(
        BuiltCommand.path, ["import", file, "--data", made.data, "--config", made.config, "--tokens", tokens])
      // Once the log has grown some more, so that each kill is at another place.
      let deadline = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < deadline {
        let partial = (try? FileManager.default.attributesOfItem(atPath: "\(tokens).partial")[.size]) as? NSNumber
        if let size = partial?.intValue, size > round * 700_000 { break }
        if FileManager.default.fileExists(atPath: tokens) { break }
        usleep(1000)
      }
      child.send(SIGKILL)
      if try child.wait() == 128 + SIGKILL { kills += 1 }
      #expect(FileManager.default.fileExists(atPath: log))
    }
    #expect(kills >= 2)
    if !FileManager.default.fileExists(atPath: tokens) {
      let last = try bring(made, file, "--tokens", tokens)
      #expect(last.code == 0, "\(last)")
      #expect(try counts(last)["present"] ?? 0 > 0)
    }
    #expect(try sessionCount(made) == count)
    #expect(try Set(self.tokens(tokens)).count == count)
  }

  @Test("A dry run checks everything and changes nothing, also while the server runs")
  func dryRun() throws {
    let made = try make()
    let server = try TestServer(data: made.data, config: made.config)
    let file = try made.folder.write(
      "sessions.jsonl", lines(2) + "{\"subject\":\"admin\",\"client_id\":\"default\",\"expires_at\":1}\n")
    let before = try TestFolder.contents(of: made.folder.path)
    let result = try bring(made, file, "--dry-run")
    #expect(result.code == 0, "\(result)")
    #expect(try counts(result)["lines"] == 3 && counts(result)["ended"] == 1 && counts(result)["imported"] == 0)
    try TestFolder.expectOnlyAppends(in: made.folder.path, since: before)
    #expect(try server.stop() == 0)
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    var line: String
    var says: String
    var testDescription: String { line }

    init(_ line: String, _ says: String) {
      self.line = line
      self.says = says
    }
  }

  static let refused: [Refused] = [
    Refused("{", "is not a JSON object"), Refused("[]", "is not a JSON object"),
    Refused("{} {}", "is not a JSON object"),
    Refused("{\"subject\":\"admin\",\"subject\":\"admin\"}", "a member twice"),
    Refused("{\"client_id\":\"default\"}", "subject is missing"),
    Refused("{\"subject\":1,\"client_id\":\"default\"}", "subject is not a text"),
    Refused("{\"subject\":\"admin\"}", "client_id is missing"),
    Refused("{\"subject\":\"admin\",\"client\":\"default\"}", "did you mean client_id?"),
    Refused("{\"subject\":\"admin\",\"client_id\":\"other\"}", "no client \"other\""),
    Refused("{\"subject\":\"bob\",\"client_id\":\"default\"}", "no user \"bob\""),
    Refused("{\"subject\":\"admin\",\"client_id\":\"default\",\"scope\":\"root\"}", "scope holds \"root\""),
    Refused("{\"subject\":\"admin\",\"client_id\":\"default\",\"scope\":\"read  write\"}", "scope is malformed"),
    Refused("{\"subject\":\"admin\",\"client_id\":\"default\",\"label\":\"\"}", "label is empty"),
    Refused("{\"subject\":\"admin\",\"client_id\":\"default\",\"expires_at\":\"soon\"}", "expires_at is not a time"),
    Refused(
      "{\"subject\":\"admin\",\"client_id\":\"default\",\"opened_at\":\"2027-02-29T00:00:00Z\"}",
      "opened_at is not a time that exists"),
    Refused("{\"subject\":\"admin\",\"client_id\":\"default\",\"opened_at\":1700000000000000}", "not milliseconds"),
    Refused(
      "{\"subject\":\"admin\",\"client_id\":\"default\",\"label\":\"\(String(repeating: "x", count: 20_000))\"}",
      "longer than 16 KiB"),
  ]

  @Test("A bad line is told with its number and the fix, nothing is changed, exit 1", arguments: refused)
  func badLines(_ refused: Refused) throws {
    let made = try make()
    let file = try made.folder.write("sessions.jsonl", lines(2) + refused.line + "\n" + lines(1))
    let result = try bring(made, file, "--tokens", "\(made.folder.path)/tokens")
    #expect(result.code == 1 && result.isOneLineError, "\(result)")
    #expect(result.errors.contains("sessions.jsonl:3: ") && result.errors.contains(refused.says), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(made.data)/log"))
    #expect(!FileManager.default.fileExists(atPath: "\(made.folder.path)/tokens"))
  }

  @Test("Without a file 66, without a place for the tokens 64, over a file 73")
  func usage() throws {
    let made = try make()
    let file = try made.folder.write("sessions.jsonl", lines(1))
    for (result, code) in [
      (try bring(made, "\(made.folder.path)/none", "--tokens", "\(made.folder.path)/t"), 66),
      (try bring(made, file), 64),
      (try bring(made, file, "--tokens", file), 73),
    ] as [(CommandResult, Int32)] {
      #expect(result.code == code && result.isOneLineError, "\(result)")
    }
  }

  @Test("An export of a running server holds each live session and no token, and imports elsewhere; ended ones do not")
  func roundTrip() throws {
    let made = try make()
    let server = try TestServer(data: made.data, config: made.config)
    let file = "\(made.folder.path)/out.jsonl"
    let exported = try CommandResult.of("export", "--data", made.data, "--output", file)
    #expect(exported.code == 0 && exported.output.contains("exported 0 live sessions as of record "), "\(exported)")
    #expect(try server.stop() == 0)
    let source = try made.folder.write("sessions.jsonl", lines(5))
    #expect(try bring(made, source, "--tokens", "\(made.folder.path)/tokens").code == 0)
    let piped = try CommandResult.of("export", "--data", made.data)
    #expect(piped.code == 0 && piped.output.filter(\.isNewline).count == 5, "\(piped)")
    #expect(piped.errors.hasPrefix("exported 5 live sessions as of record "))
    #expect(!piped.output.contains("eyJ"))
    let other = try make()
    let brought = try bring(
      other, try other.folder.write("in.jsonl", piped.output), "--tokens", "\(other.folder.path)/tokens")
    #expect(try counts(brought)["imported"] == 5, "\(brought)")
    let over = piped.output.replacing(/"expires_at":"\d{4}/, with: "\"expires_at\":\"2001")
    let ended = try bring(
      other, try other.folder.write("old.jsonl", over), "--tokens", "\(other.folder.path)/none")
    #expect(try counts(ended)["ended"] == 5 && counts(ended)["imported"] == 0, "\(ended)")
    let none = try CommandResult.of("export", "--data", other.folder.path)
    #expect(none.code == 66 && none.isOneLineError, "\(none)")
  }
}
