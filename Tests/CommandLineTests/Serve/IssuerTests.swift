import Foundation
import Testing

@testable import refresh_ledger

/// For whom tokens are issued where `tokens.issuer` is not set.
@Suite("The issuer") struct IssuerTests {
  private static let before = "http://127.0.0.1:8080"

  private func kept(_ data: String) throws -> String {
    try String(contentsOfFile: "\(data)/issuer", encoding: .utf8)
  }

  private func issuer(_ server: TestServer) throws -> String {
    let metadata = try server.connect().get("/.well-known/oauth-authorization-server")
    return String(metadata.body.split(separator: "\"issuer\":\"").last?.prefix { $0 != "\"" } ?? "")
  }

  private func logIn(_ server: TestServer, _ client: String, _ password: String) throws -> TestReply {
    try server.connect().logIn(TestClient(client), password: password)
  }

  @Test("is the address that the first start serves, which metadata and tokens name and the folder keeps for its owner")
  func first() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    #expect(try kept(data) == "\(server.url)\n" && TestFolder.mode(of: "\(data)/issuer") == 0o600)
    #expect(try issuer(server) == server.url)
    let said = server.child.errors.split(separator: "\n").filter { $0.contains("\(data)/issuer") }
    #expect(said.count == 1 && said[0].contains(server.url) && said[0].contains("tokens.issuer"), "\(said)")
    let token = try logIn(server, server.secret("CLIENT"), server.secret("PASSWORD")).member("access_token")
    let verified = try CommandResult.of(
      "token", "verify", "--secret-file", "\(data)/keys/access.json", "--iss", server.url, "--aud", server.url, token)
    #expect(verified.code == 0, "\(verified)")
  }

  @Test("stays what it was when a later start serves another port, which says so in one line with the fix")
  func later() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let first = try TestServer(data: data)
    let (client, password) = (try first.secret("CLIENT"), try first.secret("PASSWORD"))
    let reply = try logIn(first, client, password)
    #expect(try first.stop() == 0)
    let second = try TestServer(data: data)
    #expect(try second.port != first.port && issuer(second) == first.url && kept(data) == "\(first.url)\n")
    let said = second.child.errors.split(separator: "\n").filter { $0.contains("\(data)/issuer") }
    #expect(said.count == 1 && said[0].contains(second.url) && said[0].contains("set tokens.issuer"), "\(said)")
    #expect(try second.connect().refresh(TestClient(client), reply.member("refresh_token")).status == 200)
  }

  @Test("is what is set, in the file or the environment, and then nothing is kept")
  func set() throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", "tokens: { issuer: \"https://file.example\", audience: api }")
    for (name, environment) in [
      ("https://file.example", [:]), ("https://env.example", ["REFRESH_LEDGER_TOKENS_ISSUER": "https://env.example"]),
    ] as [(String, [String: String])] {
      let data = "\(folder.path)/\(environment.count)"
      let server = try TestServer(data: data, config: config, environment: environment)
      #expect(try issuer(server) == name)
      #expect(!FileManager.default.fileExists(atPath: "\(data)/issuer"))
      #expect(!server.child.errors.contains("tokens.issuer"), "\(server.child.errors)")
    }
  }

  @Test("of a folder that a release before kept none in is the default of then, so that its tokens stay good")
  func earlier() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let first = try TestServer(data: data, environment: ["REFRESH_LEDGER_TOKENS_ISSUER": Self.before])
    let client = try first.secret("CLIENT")
    let reply = try logIn(first, client, first.secret("PASSWORD"))
    #expect(try first.stop() == 0)
    let second = try TestServer(data: data)
    #expect(try issuer(second) == Self.before && kept(data) == "\(Self.before)\n")
    #expect(second.child.errors.contains("as by the release before"), "\(second.child.errors)")
    #expect(try second.connect().get("/me", bearer: reply.member("access_token")).status == 200)
    #expect(try second.connect().refresh(TestClient(client), reply.member("refresh_token")).status == 200)
  }

  @Test("is not kept by a start whose port is taken, and the next start takes its own address")
  func portTaken() throws {
    let folder = try TestFolder()
    let (data, other) = ("\(folder.path)/data", try TestServer(data: "\(folder.path)/other"))
    let refused = try CommandResult.of("serve", "--data", data, "--port", "\(other.port)")
    #expect(refused.code == 75 && refused.isOneLineError, "\(refused)")
    #expect(!FileManager.default.fileExists(atPath: "\(data)/issuer"))
    let server = try TestServer(data: data)
    #expect(try issuer(server) == server.url)
  }

  @Test("is not that of the folder's init, but of the start that follows it")
  func afterInit() throws {
    let folder = try TestFolder()
    let (data, config) = ("\(folder.path)/data", "\(folder.path)/settings.yaml")
    #expect(try CommandResult.of("init", "--data", data, "--config", config).code == 0)
    let server = try TestServer(data: data, config: config)
    #expect(try issuer(server) == server.url)
  }

  @Test("is decided by an import that comes first, and goes with a backup of the log")
  func imported() throws {
    let folder = try TestFolder()
    let (data, copy) = ("\(folder.path)/data", "\(folder.path)/copy")
    #expect(try CommandResult.of("init", "--data", data, "--config", "\(folder.path)/settings.yaml").code == 0)
    let lines = try folder.write("sessions.jsonl", #"{"subject":"admin","client_id":"default"}"# + "\n")
    let nowhere = try CommandResult.of(
      "import", lines, "--data", data, "--tokens", "\(folder.path)/none",
      environment: ["REFRESH_LEDGER_HTTP_PORT": "0"])
    #expect(nowhere.code == 78 && nowhere.isOneLineError && nowhere.errors.contains("tokens.issuer"), "\(nowhere)")
    let imported = try CommandResult.of(
      "import", lines, "--data", data, "--tokens", "\(folder.path)/tokens",
      environment: ["REFRESH_LEDGER_HTTP_PORT": "8123"])
    #expect(imported.code == 0 && imported.errors.contains("http://127.0.0.1:8123"), "\(imported)")
    #expect(try CommandResult.of("log", "backup", "--data", data, "--to", copy).code == 0)
    #expect(try kept(data) == "http://127.0.0.1:8123\n" && kept(copy) == kept(data))
  }

  @Test("that is kept and cannot be read is one line with the place, and 78", arguments: ["", "a\nb\n", "\u{7}"])
  func unreadable(text: String) throws {
    let folder = try TestFolder()
    _ = try folder.write("users.json", #"{"version":1,"users":[]}"#)
    _ = try folder.write("issuer", text)
    let refused = try CommandResult.of("serve", "--data", folder.path, "--port", "0")
    #expect(refused.code == 78 && refused.isOneLineError && refused.errors.contains("/issuer: "), "\(refused)")
  }

  @Test("names an address that clients of this machine can connect to where the server listens on every one")
  func everywhere() throws {
    for (host, url) in [
      ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("[::]", "http://[::1]:1"),
      ("[::1]", "http://[::1]:1"), ("::1", "http://[::1]:1"), ("localhost", "http://localhost:1"),
      ("fe80::1%lo", "http://[fe80::1%25lo]:1"),
    ] {
      let environment = ["REFRESH_LEDGER_HTTP_HOST": host, "REFRESH_LEDGER_HTTP_ALLOW_PLAINTEXT": "true"]
      let sources = try SettingSources(flags: [:], environment: environment, filePath: nil)
      #expect(try ServerSettings(sources).reachableURL(port: 1) == url)
    }
  }

  @Test("of a server on [::1] has the brackets of a URL, and the path prefix")
  func address() throws {
    let folder = try TestFolder()
    let environment = ["REFRESH_LEDGER_HTTP_PATH_PREFIX": "/auth"]
    let child = try ChildCommand(
      BuiltCommand.path, ["serve", "--data", "\(folder.path)/data", "--port", "0", "--host", "[::1]"],
      environment: environment)
    let banner = try child.read { $0.contains("listens on ") && $0.hasSuffix("\n\n") }
    let url = banner.split(separator: "listens on ").dropFirst().first?.prefix { $0 != "," } ?? ""
    #expect(url.hasPrefix("http://[::1]:") && url.hasSuffix("/auth"), "\(banner) \(child.errors)")
    #expect(try kept("\(folder.path)/data") == "\(url)\n")
    let top = try CommandResult.of(BuiltCommand.path, ["top", "--url", String(url), "--count", "1", "--json"])
    #expect(top.code == 0, "\(top)")
  }

  @Test("is among what doctor tells, as a warning where the settings serve another address")
  func doctor() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    #expect(try server.stop() == 0)
    func line(_ environment: [String: String]) throws -> String {
      let told = try CommandResult.of(
        BuiltCommand.path, ["doctor", "--data", data, "--json"], environment: environment)
      return told.output.split(separator: "\n").first { $0.contains(#""check":"issuer""#) }.map(String.init) ?? ""
    }
    #expect(try line(["REFRESH_LEDGER_HTTP_PORT": "\(server.port)"]).contains(#""verdict":"ok""#))
    let other = try line(["REFRESH_LEDGER_HTTP_PORT": "1"])
    #expect(other.contains(#""verdict":"warning""#) && other.contains("http://127.0.0.1:1"), "\(other)")
  }
}
