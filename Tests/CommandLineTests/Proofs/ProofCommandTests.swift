import Foundation
import Testing

@Suite("Keys of sessions on the command line")
struct ProofCommandTests {
  /// A mode, and the verdict and a client in what doctor says of it.
  static let diagnoses: [(mode: String, verdict: String?, named: String?)] = [
    ("off", "warning", "app"), ("required", "note", "default"), ("optional", nil, nil),
  ]
  private static let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

  private func rows(_ result: CommandResult) throws -> [[String: Any]] {
    try result.output.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\(result)")
    }
  }

  /// A server that has a public client which must send proofs.
  private func serve(_ folder: TestFolder, _ config: String) throws -> TestServer {
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data, config: try folder.write("settings.yaml", config))
    let added = try CommandResult.of("clients", "add", "app", "--public", "--dpop", "required", "--data", data)
    #expect(added.code == 0, "\(added)")
    return server
  }

  private func load(_ server: TestServer, _ more: String...) throws -> CommandResult {
    let arguments = [
      "load", "--url", server.url, "--user", "admin", "--password-stdin", "--client-id", "app", "--sessions", "3",
      "--connections", "3", "--duration", "500ms", "--replay-rate", "0",
    ]
    return try CommandResult.of(BuiltCommand.path, arguments + more, input: try server.secret("PASSWORD"))
  }

  @Test("A client that must send proofs is listed as such, and the option takes nothing but required")
  func clients() throws {
    let folder = try TestFolder()
    let add = ["clients", "add", "app", "--public", "--data", folder.path, "--dpop"]
    let refused = try CommandResult.of(BuiltCommand.path, add + ["sometimes"])
    #expect(refused.code == 64 && refused.isOneLineError && refused.errors.contains("required"), "\(refused)")
    #expect(try CommandResult.of(BuiltCommand.path, add + ["required"]).code == 0)
    let listed = try rows(CommandResult.of("clients", "list", "--json", "--data", folder.path))
    #expect(listed.map { $0["dpop"] as? String } == ["required"])
  }

  @Test(
    "load --dpop gives each session a key, follows nonces, and says so; without it a server that asks for proofs is told",
    arguments: ["", "dpop: { mode: required, nonce: true }\n"])
  func loads(config: String) throws {
    let folder = try TestFolder()
    let server = try serve(folder, config)
    let without = try load(server)
    #expect(without.code == 78 && without.errors.contains("give --dpop"), "\(without)")
    let json = "\(folder.path)/run.json"
    let with = try load(server, "--dpop", "--race", "2", "--race-rate", "0.05", "--json", json)
    #expect(with.code == 0 && with.output.contains("each session was bound to a key"), "\(with)")
    let figures = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
    #expect((figures["options"] as? [String: Any])?["dpop"] as? Bool == true)
    #expect(figures["errors"] as? Int == 0 && (figures["rotations"] as? Int ?? 0) > 0, "\(figures)")
    let listed = try rows(CommandResult.of("sessions", "list", "--json", "--data", "\(folder.path)/data"))
    #expect(!listed.isEmpty)
    for row in listed { #expect(((row["cnf"] as? [String: String])?["jkt"] ?? "").utf8.count == 43, "\(row)") }
    #expect(try server.stop() == 0)
  }

  @Test("load --dpop is told that a server takes no proofs, and goes with neither --tokens nor --in-process")
  func loadsInVain() throws {
    let folder = try TestFolder()
    let server = try serve(folder, "dpop: { mode: off }\n")
    #expect(try CommandResult.of("clients", "add", "plain", "--public", "--data", "\(folder.path)/data").code == 0)
    let told = try CommandResult.of(
      BuiltCommand.path,
      [
        "load", "--url", server.url, "--user", "admin", "--password-stdin", "--client-id", "plain", "--duration",
        "100ms", "--dpop",
      ], input: try server.secret("PASSWORD"))
    #expect(told.code == 78 && told.errors.contains("leave --dpop out"), "\(told)")
    let tokens = try CommandResult.of("load", "--url", server.url, "--tokens", "x", "--dpop")
    #expect(tokens.code == 64 && tokens.errors.contains("--tokens"), "\(tokens)")
    let inside = try CommandResult.of("load", "--in-process", "--dpop")
    #expect(inside.code == 64 && inside.errors.contains("--dpop goes with --url"), "\(inside)")
  }

  @Test("export and import carry the key and the attributes of a session, and only a public client's session has a key")
  func moves() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try CommandResult.of("init", "--data", data, "--config", "\(folder.path)/made.yaml").code == 0)
    #expect(try CommandResult.of("clients", "add", "app", "--public", "--data", data).code == 0)
    func bring(_ line: String) throws -> CommandResult {
      let file = try folder.write("sessions.jsonl", line + "\n")
      return try CommandResult.of(
        "import", file, "--data", data, "--config", "\(folder.path)/made.yaml", "--tokens", "\(folder.path)/tokens",
        "--json")
    }
    let cnf = "\"cnf\":{\"jkt\":\"\(Self.thumbprint)\"}"
    for (line, says) in [
      ("{\"subject\":\"admin\",\"client_id\":\"default\",\(cnf)}", "public client"),
      ("{\"subject\":\"admin\",\"client_id\":\"app\",\"cnf\":{\"jkt\":\"short\"}}", "43 characters"),
      ("{\"subject\":\"admin\",\"client_id\":\"app\",\"cnf\":\"x\"}", "43 characters"),
      ("{\"subject\":\"admin\",\"client_id\":\"app\",\"attributes\":\"*\"}", "base64"),
    ] {
      let refused = try bring(line)
      #expect(refused.code == 1 && refused.errors.contains(says), "\(refused)")
    }
    let line = "{\"subject\":\"admin\",\"client_id\":\"app\",\(cnf),\"attributes\":\"dGVuYW50IDc=\"}"
    let imported = try bring(line)
    #expect(imported.code == 0, "\(imported)")
    for command in [["sessions", "list", "--json"], ["export"]] {
      let shown = try #require(
        try rows(CommandResult.of(BuiltCommand.path, command + ["--data", data])).first)
      #expect((shown["cnf"] as? [String: String]) == ["jkt": Self.thumbprint], "\(command)")
      #expect(shown["attributes"] as? String == "dGVuYW50IDc=", "\(command)")
    }
  }

  @Test(
    "doctor tells of clients that do not fit the mode",
    arguments: diagnoses)
  func diagnosis(mode: String, verdict: String?, named: String?) throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try CommandResult.of("init", "--data", data, "--config", "\(folder.path)/made.yaml").code == 0)
    #expect(try CommandResult.of("clients", "add", "app", "--public", "--dpop", "required", "--data", data).code == 0)
    let config = try folder.write("settings.yaml", "dpop: { mode: \(mode) }\n")
    let found = try rows(CommandResult.of("doctor", "--json", "--data", data, "--config", config))
      .first { $0["check"] as? String == "proofs" }
    #expect(found?["verdict"] as? String == verdict)
    if let named {
      let what = try #require(found?["what"] as? String)
      #expect(what.contains(named))
    }
  }
}
