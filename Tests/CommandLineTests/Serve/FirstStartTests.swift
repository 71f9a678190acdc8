import Foundation
import Testing

@Suite struct FirstStartTests {
  @Test("The lines that the first start prints work when they are pasted into a shell", arguments: ["bash", "sh"])
  func pastedLines(shell: String) throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let lines = try #require(server.banner.firstRange(of: "URL=").map { server.banner[$0.lowerBound...] })
    let pasted = try CommandResult.of(shell, [], input: String(lines))
    #expect(pasted.errors == "")
    let steps = pasted.output.components(separatedBy: "--- ").dropFirst().map { $0.split(separator: "\n") }
    try #require(steps.count == 5)
    #expect(steps[0][1].contains("\"access_token\""), "log in: \(steps[0])")
    #expect(steps[1][1].contains("\"refresh_token\"") && steps[1][1] != steps[0][1], "rotate: \(steps[1])")
    #expect(steps[2][1].contains("\"subject\":\"admin\""))
    #expect(steps[3][1].contains("\"authenticated\":true"))
    #expect(steps[3][2...3].allSatisfy { $0.contains("\"authenticated\":false") }, "expired, broken: \(steps[3])")
    #expect(steps[4][1].contains("\"invalid_grant\"") && steps[4][1].hasSuffix("(400)"))
  }

  @Test("The expired token of the first start is refused for its age, not for its signature")
  func expiredToken() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let token = try #require(server.banner.split(separator: "EXPIRED=").last?.split(separator: "\n").first)
    let verdict = try CommandResult.of(
      "token", "verify", "--secret-file", "\(folder.path)/data/keys/access.json", String(token))
    #expect(verdict.code == 1)
    #expect(verdict.errors.contains("the token has expired"))
  }

  @Test("The data folder, its keys, its users and its log belong to their owner alone")
  func modes() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    _ = try TestServer(data: data)
    for path in [data, "\(data)/keys", "\(data)/log"] { #expect(try TestFolder.mode(of: path) == 0o700, "\(path)") }
    for path in try TestFolder.contents(of: data).keys {
      #expect(try TestFolder.mode(of: "\(data)/\(path)") == 0o600, "\(path)")
    }
  }

  @Test("The log of a first start tells what was made, and of a later one what was read")
  func toldAsItWas() throws {
    let folder = try TestFolder()
    let first = try TestServer(data: "\(folder.path)/data")
    #expect(try first.stop() == 0)
    #expect(first.child.errors.contains("a new log was made"))
    #expect(first.child.errors.contains("made the user admin and the client default"))
    for word in ["read again", "retried"] { #expect(!first.child.errors.contains(word), "\(first.child.errors)") }
    let second = try TestServer(data: "\(folder.path)/data")
    #expect(try second.stop() == 0)
    #expect(second.child.errors.contains("of a log that was closed cleanly"))
    #expect(!second.child.errors.contains("made"), "\(second.child.errors)")
  }

  @Test("A later start prints no secret and says how to set new ones, which then work")
  func laterStart() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let first = try TestServer(data: data)
    let client = TestClient(try first.secret("CLIENT"))
    #expect(try first.stop() == 0)
    let second = try TestServer(data: data)
    for secret in ["PASSWORD", "CLIENT"] { #expect(!second.banner.contains(try first.secret(secret))) }
    let line = try #require(second.banner.split(separator: "\n").first { $0.contains("users password") })
    let pasted = String(line).replacing("NEW PASSWORD", with: "another-password")
    let changed = try CommandResult.of("sh", ["-c", pasted])
    #expect(changed.code == 0, "\(changed.errors)")
    let connection = try second.connect()
    #expect(try connection.logIn(client, password: "another-password").status == 200)
    #expect(try connection.logIn(client, password: first.secret("PASSWORD")).status == 400)
  }

  @Test("No secret of the first start comes up in the log, and no token either")
  func quietLog() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data", options: ["--log-level", "trace"])
    let client = TestClient(try server.secret("CLIENT"))
    let connection = try server.connect()
    let reply = try connection.logIn(client, password: server.secret("PASSWORD"))
    let next = try connection.refresh(client, reply.member("refresh_token"))
    _ = try connection.refresh(client, reply.member("refresh_token"))
    #expect(try server.stop() == 0)
    let clientSecret = String(try server.secret("CLIENT").dropFirst("default:".count))
    let secrets = [
      try server.secret("PASSWORD"), clientSecret, reply.member("access_token"), reply.member("refresh_token"),
      next.member("access_token"), next.member("refresh_token"),
    ]
    #expect(server.child.errors.contains("session opened"))
    for secret in secrets { #expect(!secret.isEmpty && !server.child.errors.contains(secret)) }
  }
}
