import Foundation
import Glibc
import Testing

@Suite("log tail")
struct LogTailTests {
  private struct Served {
    let folder: TestFolder
    let data: String
    let server: TestServer
    let client: TestClient
    var token: String

    mutating func rotate(_ times: Int) throws {
      let connection = try server.connect()
      for _ in 0..<times { token = try connection.refresh(client, token).member("refresh_token") }
    }
  }

  private func serve() throws -> Served {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let client = TestClient(try server.secret("CLIENT"))
    let token = try server.connect().logIn(client, password: server.secret("PASSWORD")).member("refresh_token")
    return Served(folder: folder, data: data, server: server, client: client, token: token)
  }

  private func sequences(_ text: String) throws -> [Int] {
    try text.split(separator: "\n").map { line in
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      return try #require(object["sequence"] as? Int)
    }
  }

  @Test(
    "shows the last records and then each one that is written, once and in order, also across checkpoints and a restart"
  )
  func follows() throws {
    var served = try serve()
    try served.rotate(5)
    let tail = try ChildCommand(BuiltCommand.path, ["log", "tail", "-f", "-n", "3", "--json", "--data", served.data])
    let first = try sequences(try tail.read { $0.filter(\.isNewline).count >= 3 })
    #expect(first.count == 3)
    let last = try #require(first.last)
    try served.rotate(3)
    #expect(try CommandResult.of("log", "checkpoint", "--data", served.data).code == 0)
    try served.rotate(3)
    #expect(try served.server.stop() == 0)
    let again = try TestServer(data: served.data)
    var next = Served(
      folder: served.folder, data: served.data, server: again, client: served.client, token: served.token)
    try next.rotate(2)
    let all = try sequences(try tail.read { $0.filter(\.isNewline).count >= 3 + 9 })
    // A server that ends has the log know the time.
    #expect(all == Array((last - 2)...(last + 9)), "\(all)")
    #expect(tail.errors == "")
    tail.send(SIGINT)
    #expect(try tail.wait() != 1)
    #expect(try again.stop() == 0)
  }

  @Test("waits at a half-written frame and shows its records once the rest is there")
  func halfWritten() throws {
    var served = try serve()
    try served.rotate(2)
    #expect(try served.server.stop() == 0)
    let segment = URL(fileURLWithPath: "\(served.data)/log/wal-0000000000000001.lz4")
    let whole = try Data(contentsOf: segment)
    // Amid the last rotation: its frame, and behind it the one of the close, which has 56 bytes.
    let half = whole.prefix(whole.count - 56 - 20)
    try half.write(to: segment)
    let tail = try ChildCommand(BuiltCommand.path, ["log", "tail", "-f", "--json", "--data", served.data])
    let before = try sequences(try tail.read { $0.contains("\"rotated\"") })
    #expect(before.count == (try #require(before.last)))
    let file = try FileHandle(forWritingTo: segment)
    try file.seekToEnd()
    try file.write(contentsOf: whole.suffix(from: half.count))
    try file.close()
    let after = try sequences(try tail.read { $0.filter(\.isNewline).count > before.count })
    #expect(after == Array(1...(before.count + 1)))
    #expect(tail.errors == "")
  }

  @Test("of a session or a subject shows what is about it, wide revocations included, and nothing else")
  func selects() throws {
    var served = try serve()
    try served.rotate(2)
    let list = try CommandResult.of("sessions", "list", "--data", served.data, "--json")
    let row = try #require(JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any])
    let sid = try #require(row["sid"] as? String)
    #expect(try served.server.stop() == 0)
    #expect(try CommandResult.of("sessions", "revoke", "--client", "default", "--data", served.data).code == 0)
    for selection in [["--session", sid], ["--subject", "admin"]] {
      let tail = try CommandResult.of(
        BuiltCommand.path, ["log", "tail", "-n", "100", "--data", served.data] + selection)
      let events = tail.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ")[2] }
      #expect(tail.code == 0 && events.prefix(4) == ["opened", "rotated", "rotated", "revoked_before"], "\(tail)")
    }
    let other = try CommandResult.of("log", "tail", "--json", "--data", served.data, "--subject", "nobody")
    #expect(other.code == 0 && other.output == "", "\(other)")
  }

  @Test("is 66 without a log and 64 for a bad option")
  func refusals() throws {
    let folder = try TestFolder()
    let none = try CommandResult.of("log", "tail", "--data", folder.path)
    #expect(none.code == 66 && none.isOneLineError, "\(none)")
    let wrong = try CommandResult.of("log", "tail", "--data", folder.path, "--session", "short")
    #expect(wrong.code == 64 && wrong.isOneLineError, "\(wrong)")
  }
}
