import Foundation
import Glibc
import Testing

@Suite struct ServerLifeTests {
  @Test("A second server on the same data folder ends at once with 75 and one line")
  func secondServer() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let first = try TestServer(data: data)
    let began = ContinuousClock.now
    let second = try CommandResult.of("serve", "--data", data, "--port", "0")
    #expect(second.code == 75)
    #expect(second.isOneLineError && second.errors.contains("locked by another process"), "\(second.errors)")
    #expect(second.output == "")
    #expect(ContinuousClock.now - began < .seconds(5))
    #expect(try first.connect().get("/health/ready").status == 200)
  }

  @Test("A data folder may be a link to one, also at the first start, as systemd's StateDirectory is")
  func linkedFolder() throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(atPath: "\(folder.path)/private", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/data", withDestinationPath: "private")
    let server = try TestServer(data: "\(folder.path)/data")
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(try server.stop() == 0)
  }

  @Test("A port that is in use is one line and 75, and no account is made whose secret nobody saw")
  func busyPort() throws {
    let folder = try TestFolder()
    let first = try TestServer(data: "\(folder.path)/first")
    let second = try CommandResult.of("serve", "--data", "\(folder.path)/second", "--port", "\(first.port)")
    #expect(second.code == 75)
    #expect(second.isOneLineError && second.errors.contains("in use"), "\(second.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/second/users.json"))
  }

  @Test("SIGTERM and SIGINT end the server with 0 and a log that was closed cleanly", arguments: [SIGTERM, SIGINT])
  func gracefulEnd(signal: Int32) throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let connection = try server.connect()
    #expect(try connection.get("/health/live").status == 200)
    server.child.send(signal)
    #expect(try server.child.wait(seconds: 20) == 0)
    let log = try CommandResult.of("log", "info", "--data", "\(folder.path)/data", "--json")
    #expect(log.output.contains("\"closedCleanly\":true"), "\(log)")
  }

  @Test("SIGHUP reads users, clients and keys again and goes on serving")
  func hangUp() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    server.child.send(SIGHUP)
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(try server.stop() == 0)
    #expect(server.child.errors.contains("SIGHUP: users and clients were read again"))
  }

  @Test("Nothing is drawn and nothing is coloured where no terminal is")
  func plainOutput() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    #expect(try server.stop() == 0)
    #expect(!(server.banner + server.child.errors).contains("\u{1B}"))
  }

  @Test("An address whose log-ins failed too often is put off with 429, but not who logged in from it before")
  func failedLogins() throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", "limits: { loginPerMinute: 2 }\n")
    let server = try TestServer(data: "\(folder.path)/data", config: config)
    let (client, password) = (TestClient(try server.secret("CLIENT")), try server.secret("PASSWORD"))
    let connection = try server.connect()
    #expect(try connection.logIn(client, password: password).status == 200)
    for _ in 1...2 { #expect(try connection.logIn(client, name: "nobody", password: "wrong-password").status == 400) }
    let putOff = try connection.logIn(client, name: "somebody", password: "wrong-password")
    #expect(putOff.status == 429)
    #expect(putOff.headers["retry-after"] != nil)
    #expect(try connection.logIn(client, password: password).status == 200)
  }

  @Test("The data folder cannot be a file or stand in a folder that does not exist")
  func badDataFolder() throws {
    let folder = try TestFolder()
    let file = try folder.write("file", "")
    for path in [file, "\(folder.path)/none/data"] {
      let result = try CommandResult.of("serve", "--data", path, "--port", "0")
      #expect(result.code == 73)
      #expect(result.isOneLineError && result.errors.contains(path), "\(result.errors)")
    }
  }

  @Test("wire: romm needs no client, and its first start's lines work too")
  func romm() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data", environment: ["REFRESH_LEDGER_WIRE": "romm"])
    let lines = try #require(server.banner.firstRange(of: "URL=").map { server.banner[$0.lowerBound...] })
    let pasted = try CommandResult.of("sh", [], input: String(lines))
    #expect(!server.banner.contains("CLIENT"))
    #expect(pasted.output.contains("\"token_type\":\"bearer\"") && pasted.output.contains("\"subject\":\"admin\""))
    #expect(pasted.output.contains("\"detail\"") && pasted.output.contains("(401)"), "\(pasted)")
  }
}
