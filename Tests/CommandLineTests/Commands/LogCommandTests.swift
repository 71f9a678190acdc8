import Foundation
import Testing

@Suite struct LogCommandTests {
  /// A folder whose log holds a log-in and three rotations and was closed cleanly.
  private func closedLog() throws -> (folder: TestFolder, data: String) {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    try rotate(server, times: 3)
    #expect(try server.stop() == 0)
    return (folder, data)
  }

  private func rotate(_ server: TestServer, times: Int) throws {
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    var token = try connection.logIn(client, password: server.secret("PASSWORD")).member("refresh_token")
    for _ in 0..<times { token = try connection.refresh(client, token).member("refresh_token") }
    #expect(!token.isEmpty)
  }

  @Test("info, verify and dump read the log of a running server and change nothing")
  func whileRunning() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    try rotate(server, times: 5)
    let before = try TestFolder.contents(of: data)
    let info = try CommandResult.of("log", "info", "--data", data, "--json")
    #expect(info.code == 0 && info.output.contains("\"closedCleanly\":false"), "\(info)")
    let verify = try CommandResult.of("log", "verify", "--data", data)
    #expect(verify.code == 0 && verify.output.hasPrefix("the log is whole: "), "\(verify)")
    let dump = try CommandResult.of("log", "dump", "--data", data)
    #expect(dump.output.split(separator: "\n").filter { $0.contains(" rotated ") }.count == 5)
    #expect(dump.output.contains("subject=admin client=default scope=\"read write\""))
    try TestFolder.expectOnlyAppends(in: data, since: before)
    #expect(try server.connect().get("/health/ready").status == 200)
  }

  @Test("dump --json is one object for each record, in sequence, and info counts the same records")
  func dumpedJSON() throws {
    let (folder, data) = try closedLog()
    let dump = try CommandResult.of("log", "dump", "--data", data, "--json")
    #expect(dump.code == 0)
    let objects = try dump.output.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.compactMap { $0["sequence"] as? Int } == Array(1...objects.count))
    // The last one has the log know the time of its end.
    #expect(objects.suffix(2).map { $0["kind"] as? String } == ["rotated", "clock_seen"])
    #expect((objects.dropLast().last?["sid"] as? String)?.count == 16)
    let info = try CommandResult.of("log", "info", "--data", data, "--json")
    let facts = try #require(JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any])
    #expect(facts["records"] as? Int == objects.count && facts["lastSequence"] as? Int == objects.count)
    #expect(facts["closedCleanly"] as? Bool == true && facts["durableSequence"] as? Int == objects.count)
    withExtendedLifetime(folder) {}
  }

  @Test("A corrupt log is told with segment and offset by verify and by serve, and nothing on disk changes")
  func corruption() throws {
    let (folder, data) = try closedLog()
    let log = "\(data)/log"
    let segment = try #require(try FileManager.default.contentsOfDirectory(atPath: log).first { $0.hasPrefix("wal-") })
    let url = URL(fileURLWithPath: "\(log)/\(segment)")
    var bytes = try Data(contentsOf: url)
    // In the payload of the first frame, behind the segment's header of 64 bytes.
    bytes[64 + 80] ^= 0x10
    try bytes.write(to: url)
    let before = try TestFolder.contents(of: data)
    let commands = [
      ["log", "verify", "--data", data], ["log", "dump", "--data", data], ["serve", "--data", data, "--port", "0"],
    ]
    for command in commands {
      let result = try CommandResult.of(BuiltCommand.path, command)
      #expect(result.code == 1, "\(command)")
      #expect(result.isOneLineError, "\(result.errors)")
      #expect(result.errors.contains(segment) && result.errors.contains("offset 64"), "\(result.errors)")
    }
    #expect(try TestFolder.contents(of: data) == before)
    withExtendedLifetime(folder) {}
  }

  @Test("A folder without a log is 66", arguments: ["info", "verify", "dump"])
  func missing(_ command: String) throws {
    let folder = try TestFolder()
    for data in [folder.path, "\(folder.path)/none"] {
      let result = try CommandResult.of("log", command, "--data", data)
      #expect(result.code == 66 && result.output.isEmpty)
      #expect(result.isOneLineError && result.errors.contains(data))
    }
  }

  @Test("The keys are listed without their secrets, and listing makes none")
  func keys() throws {
    let (folder, data) = try closedLog()
    let list = try CommandResult.of("keys", "list", "--data", data, "--json")
    let lines = list.output.split(separator: "\n")
    #expect(list.code == 0 && lines.count == 2 && lines.allSatisfy { $0.contains("\"state\":\"current\"") }, "\(list)")
    #expect(lines.allSatisfy { !$0.contains("\"k\"") })
    #expect(try CommandResult.of("keys", "list", "--data", folder.path).code == 66)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/keys"))
  }
}
