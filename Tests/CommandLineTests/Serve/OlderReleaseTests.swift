import Foundation
import Testing

/// Tests/Golden/release-0.1: a data folder that release 0.1 wrote.
@Suite("A data folder of release 0.1")
struct OlderReleaseTests {
  private let folder: TestFolder
  private let tokens: [String: String]

  private var data: String { "\(folder.path)/data" }

  init() throws {
    folder = try TestFolder()
    let golden = BuiltCommand.repository.appending(path: "Tests/Golden/release-0.1")
    tokens = try JSONDecoder().decode(
      [String: String].self, from: Data(contentsOf: golden.appending(path: "tokens.json")))
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/data", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for name in ["keys", "log"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/data/\(name)", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    }
    for name in try FileManager.default.subpathsOfDirectory(atPath: golden.path) where name.contains(".") {
      guard name != "tokens.json" else { continue }
      // A repository does not keep who may read a file.
      #expect(
        FileManager.default.createFile(
          atPath: "\(folder.path)/data/\(name)", contents: try Data(contentsOf: golden.appending(path: name)),
          attributes: [.posixPermissions: 0o600]))
    }
  }

  private func start() throws -> TestServer {
    try TestServer(
      data: data,
      environment: ["REFRESH_LEDGER_ROTATION_REUSE": "refuse"])
  }

  private func token(_ name: String) throws -> String { try #require(tokens[name]) }

  private func web() throws -> TestClient { TestClient("default:\(try token("webSecret"))") }
  private func other(_ id: String) throws -> TestClient { TestClient("\(id):\(try token("otherSecret"))") }

  @Test("opens with every refresh token good, what was consumed or revoked refused, and again after a restart")
  func refreshTokens() throws {
    var live: [String: (client: TestClient, token: String)] = [:]
    for name in ["rotated", "narrowed", "admin"] { live[name] = (try web(), try token(name)) }
    live["labelled"] = (try other("adm"), try token("labelled"))
    live["never"] = (try other("kiosk"), try token("never"))
    for _ in 0..<2 {
      let server = try start()
      let connection = try server.connect()
      for (name, holder) in live {
        let reply = try connection.refresh(holder.client, holder.token)
        #expect(reply.status == 200, "\(name): \(reply.body)")
        live[name]?.token = reply.member("refresh_token")
      }
      for name in ["consumed", "revoked"] {
        #expect(try connection.refresh(web(), token(name)).status == 400, "\(name)")
      }
      #expect(try server.stop() == 0)
      #expect(try CommandResult.of("log", "verify", "--data", data).code == 0)
    }
  }

  @Test("has its one-time token consumed once, and the consumed one never")
  func oneTimeTokens() throws {
    let server = try start()
    let connection = try server.connect()
    func consume(_ name: String) throws -> Int {
      let credentials = Data("adm:\(try token("otherSecret"))".utf8).base64EncodedString()
      return try connection.send(
        "POST", "/admin/one-time-tokens/consume",
        headers: ["Authorization": "Basic \(credentials)", "Content-Type": "application/json"],
        body: "{\"token\":\"\(try token(name))\",\"purpose\":\"invite\"}"
      ).status
    }
    #expect(try [consume("oneTime"), consume("oneTime"), consume("oneTimeConsumed")] == [200, 400, 400])
    #expect(try server.stop() == 0)
  }

  @Test("takes log-ins with the passwords of then, and loses its sessions with a new password and a client added again")
  func accounts() throws {
    let password = "a new password"
    let changed = try CommandResult.of(
      BuiltCommand.path, ["users", "password", "ann", "--password-stdin", "--data", data], input: password)
    #expect(changed.code == 0, "\(changed)")
    #expect(try CommandResult.of("clients", "remove", "kiosk", "--data", data).code == 0)
    let server = try start()
    let connection = try server.connect()
    #expect(try connection.logIn(web(), name: "ann", password: "correct%20horse").status == 400)
    #expect(try connection.logIn(web(), name: "ann", password: "a%20new%20password").status == 200)
    for name in ["rotated", "narrowed"] {
      #expect(try connection.refresh(web(), token(name)).status == 400, "\(name)")
    }
    #expect(try connection.refresh(web(), token("admin")).status == 200)
    #expect(try server.stop() == 0)
  }

  @Test("goes on in files of format 2, which release 0.1 calls by that name")
  func format() throws {
    let server = try start()
    #expect(try server.connect().refresh(web(), token("rotated")).status == 200)
    #expect(try server.stop() == 0)
    let log = "\(data)/log"
    let versions = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasPrefix("wal-") }.sorted()
      .map { try Data(contentsOf: URL(filePath: "\(log)/\($0)"))[16] }
    #expect(versions == [1, 2])
  }
}
