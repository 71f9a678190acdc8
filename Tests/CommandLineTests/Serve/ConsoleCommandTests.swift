import Foundation
import Glibc
import Testing

@Suite("The console of the server")
struct ConsoleCommandTests {
  /// The links in what was printed, without the server's URL.
  private func links(_ text: String, _ server: TestServer) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("console: ") }
      .map { String($0.dropFirst("console: \(server.url)".count)) }
  }

  /// Presses the button of the page that a link opens.
  private func follow(_ link: String, _ connection: TestConnection) throws -> TestReply {
    let secret = link.split(separator: "secret=").last.map(String.init) ?? ""
    let path = String(link.prefix { $0 != "?" })
    return try connection.send(
      "POST", path,
      headers: ["Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"],
      body: "secret=\(secret)")
  }

  @Test("is off by default: nothing is printed of it, nothing is at its path, and SIGUSR1 ends nothing")
  func off() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    #expect(try server.connect().get("/console").status == 404)
    server.child.send(SIGUSR1)
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(try server.stop() == 0)
    #expect(!server.banner.contains("console:") && !server.child.errors.contains("console"))
  }

  @Test("prints a link at the start and a new one at SIGUSR1, which voids the first; no log line holds either")
  func links() throws {
    let folder = try TestFolder()
    let server = try TestServer(
      data: "\(folder.path)/data",
      environment: [
        "REFRESH_LEDGER_CONSOLE_ENABLED": "true", "REFRESH_LEDGER_CONSOLE_PATH": "/desk",
        "REFRESH_LEDGER_HTTP_PATH_PREFIX": "/auth",
      ])
    _ = try server.child.read { $0.contains("within ten minutes") }
    server.child.send(SIGUSR1)
    let printed = try server.child.read { $0.split(separator: "within ten minutes").count == 3 }
    let links = links(printed, server)
    try #require(links.count == 2 && links.allSatisfy { $0.hasPrefix("/auth/desk/link?secret=") })
    let connection = try server.connect()
    #expect(try connection.get(links[1]).status == 200)
    #expect(try follow(links[0], connection).status == 403)
    let reply = try follow(links[1], connection)
    #expect(reply.status == 303 && reply.headers["location"] == "/auth/desk")
    let cookie = reply.headers["set-cookie"].map { String($0.prefix { $0 != ";" }) } ?? ""
    let page = try connection.send("GET", "/auth/desk", headers: ["Cookie": cookie], body: "")
    #expect(page.status == 200 && page.body.contains("Ready: changes are accepted"))
    #expect(try follow(links[1], connection).status == 403)
    #expect(try server.stop() == 0)
    for link in links { #expect(!server.child.errors.contains(link.split(separator: "=").last ?? "")) }
    #expect(server.child.errors.contains("console: signed in"))
  }

  @Test(
    "is not put where other routes are, nor where no path is",
    arguments: [
      ("/admin/console", "other routes"), ("/metrics", "other routes"), ("/.well-known", "other routes"),
      ("console", "is not a path"), ("/console/", "is not a path"), ("/con sole", "is not a path"), ("", "1 to 256"),
    ])
  func place(path: String, says: String) throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", "console: { path: \"\(path)\" }")
    let result = try CommandResult.of("serve", "--config", config, "--data", "\(folder.path)/data")
    #expect(result.code == 78 && result.isOneLineError)
    #expect(result.errors.contains("console.path") && result.errors.contains(says), "\(result.errors)")
  }
}
