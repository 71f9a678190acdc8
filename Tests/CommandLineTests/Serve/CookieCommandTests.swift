import Foundation
import Testing

@Suite("Cookies for pages")
struct CookieCommandTests {
  private func add(_ options: String..., to folder: TestFolder) throws {
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/data", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let result = try CommandResult.of(
      BuiltCommand.path, ["clients", "add", "app", "--data", "\(folder.path)/data"] + options)
    #expect(result.code == 0, "\(result.errors)")
  }

  /// The one line with which a start ends.
  private func refusal(_ text: String, in folder: TestFolder) throws -> String {
    let config = try folder.write("config.yaml", text)
    let result = try CommandResult.of("serve", "--config", config, "--data", "\(folder.path)/data", "--port", "0")
    #expect(result.code == 78 && result.isOneLineError, "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data/log"))
    return result.errors
  }

  @Test("end a start with their place and the fix where the grace window is shorter than 5 s")
  func shortGrace() throws {
    let folder = try TestFolder()
    try add("--public", to: folder)
    let none = try refusal("cookies: { client: app }", in: folder)
    #expect(none.contains("config.yaml:1: cookies.client \"app\" has the grace window of rotation.grace (default), 0s"))
    #expect(none.contains("from 5s to 300s") && none.contains("set rotation.grace to 30s"))
    let short = try refusal("rotation: { grace: 4999ms }\ncookies:\n  client: app\n", in: folder)
    #expect(short.contains("config.yaml:3: cookies.client \"app\"") && short.contains("config.yaml:1), 4999ms"))
  }

  @Test("end a start where the client has a short window of its own")
  func ownGrace() throws {
    let folder = try TestFolder()
    try add("--public", "--grace", "2s", to: folder)
    let own = try refusal("rotation: { grace: 30s }\ncookies: { client: app }", in: folder)
    #expect(own.contains("a grace window of its own, 2s") && own.contains("clients add app --data"))
  }

  @Test("end a start for a client that there is not, or that has a secret, with the command that adds one")
  func unfitClient() throws {
    let folder = try TestFolder()
    #expect(try refusal("cookies: { client: app }", in: folder).contains("is not a client of this server; add it: "))
    let other = try TestFolder()
    try add("--public", "--grants", "password", to: other)
    #expect(try refusal("rotation: { grace: 5s }\ncookies: { client: app }", in: other).contains("refresh_token"))
  }

  @Test("are a finding of doctor, which says of an unfit client what a start would say")
  func doctor() throws {
    let folder = try TestFolder()
    try add("--public", to: folder)
    func findings(_ text: String) throws -> String {
      let config = try folder.write("config.yaml", text)
      return try CommandResult.of("doctor", "--config", config, "--data", "\(folder.path)/data").output
    }
    #expect(try findings("cookies: { client: app }").contains("has the grace window of rotation.grace (default), 0s"))
    let good = try findings("rotation: { grace: 5s }\ncookies: { client: app }")
    #expect(good.contains("for pages of the client app") && !good.contains("cookies.client"))
  }

  @Test("are set by the routes at /session, and nobody else's requests are taken")
  func served() throws {
    let folder = try TestFolder()
    try add("--public", "--grace", "5s", to: folder)
    let server = try TestServer(
      data: "\(folder.path)/data",
      environment: [
        "REFRESH_LEDGER_COOKIES_CLIENT": "app", "REFRESH_LEDGER_COOKIES_PATH": "/auth/session",
        "REFRESH_LEDGER_COOKIES_EVERYWHERE": "true", "REFRESH_LEDGER_HTTP_PATH_PREFIX": "/auth",
      ])
    let connection = try server.connect()
    let password = try server.secret("PASSWORD")
    let form = "username=admin&password=\(password)"
    func logIn(_ site: String) throws -> TestReply {
      try connection.send(
        "POST", "/auth/session/login",
        headers: ["Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": site], body: form)
    }
    #expect(try logIn("same-site").status == 403)
    let reply = try logIn("same-origin")
    #expect(reply.status == 200)
    let cookie = try #require(reply.headers["set-cookie"])
    #expect(cookie.hasPrefix("__Secure-refresh-token="))
    #expect(cookie.hasSuffix("; Path=/auth/session; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict"))
  }
}
