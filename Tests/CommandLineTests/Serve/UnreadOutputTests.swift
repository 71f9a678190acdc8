import Foundation
import Glibc
import Synchronization
import Testing

@testable import refresh_ledger

@Suite("A server whose output nobody reads")
struct UnreadOutputTests {
  /// A named pipe with a reader that never reads, full from the beginning where that is asked for.
  private final class UnreadPipe: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ folder: TestFolder, isFull: Bool) throws {
      path = "\(folder.path)/pipe"
      guard mkfifo(path, 0o600) == 0 else { throw ChildCommand.Failure(description: "no pipe") }
      descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      let page = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
      if isFull { while write(descriptor, page, page.count) > 0 {} }
    }

    deinit { close(descriptor) }
  }

  /// A data folder with known accounts, and a port that is free.
  private struct Place {
    let folder: TestFolder
    let password: String
    let client: TestClient
    let port: UInt16

    var data: String { "\(folder.path)/data" }
    var config: String { "\(folder.path)/config.yaml" }

    init() throws {
      folder = try TestFolder()
      let made = try CommandResult.of(
        "init", "--data", "\(folder.path)/data", "--config", "\(folder.path)/made.yaml", "--json")
      let reply = TestReply(status: 0, headers: [:], body: made.output)
      (password, client) = (reply.member("password"), TestClient("default:\(reply.member("secret"))"))
      _ = try folder.write("config.yaml", "http: { drain: 1s }\nlimits: { loginPerMinute: 0 }\n")
      port = try Place.freePort()
    }

    private static func freePort() throws -> UInt16 {
      let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(socket) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = bind(socket, $0, length)
          _ = getsockname(socket, $0, &length)
        }
        return UInt16(bigEndian: pointer.pointee.sin_port)
      }
    }

    /// Starts `serve` by a shell that puts its streams where `redirection` says.
    func start(_ redirection: String) throws -> ChildCommand {
      let script = "exec \"$0\" serve --data \"$1\" --config \"$2\" --port \"$3\" \(redirection)"
      return try ChildCommand("sh", ["-c", script, BuiltCommand.path, data, config, "\(port)"])
    }

    /// A connection to the server as soon as it answers.
    func connect(seconds: Int = 30) throws -> TestConnection {
      let deadline = ContinuousClock.now + .seconds(seconds)
      while true {
        if let connection = try? TestConnection(port: port), try connection.get("/health/live").status == 200 {
          return connection
        }
        guard ContinuousClock.now < deadline else { throw ChildCommand.Failure(description: "it does not listen") }
        usleep(20_000)
      }
    }
  }

  private func dropped(_ connection: TestConnection) throws -> Double {
    MetricsPage(try connection.get("/metrics").body).values["refresh_ledger_output_lines_dropped_total"] ?? -1
  }

  /// Log-in, commits, refusals, SIGHUP and SIGTERM as on any other day.
  private func live(_ place: Place, _ server: ChildCommand) throws {
    let connection = try place.connect()
    let token = try connection.logIn(place.client, password: place.password).member("refresh_token")
    #expect(!token.isEmpty)
    let statuses = concurrently(4) { _ in
      let replies = try? (0..<100).map { _ in
        try place.connect().refresh(place.client, "no-token").status
      }
      return Set(replies ?? [])
    }
    #expect(statuses.allSatisfy { $0 == [400] })
    #expect(try connection.refresh(place.client, token).status == 200)
    server.send(SIGHUP)
    #expect(try connection.get("/health/ready").status == 200)
    server.send(SIGUSR1)
    #expect(try connection.get("/health/live").status == 200)
    let began = ContinuousClock.now
    server.send(SIGTERM)
    #expect(try server.wait(seconds: 20) == 0)
    // http.drain and 4 s.
    #expect(ContinuousClock.now - began < .seconds(5))
  }

  @Test("starts, answers, commits, reloads and ends as any other", arguments: [true, false])
  func unreadPipe(isFull: Bool) throws {
    let place = try Place()
    let pipe = try UnreadPipe(place.folder, isFull: isFull)
    try live(place, place.start(">\"\(pipe.path)\" 2>&1"))
  }

  @Test("since its pipe is closed lives on too, and so does one on a full disk or with no streams at all")
  func unwritable() throws {
    for redirection in [">/dev/full 2>&1", ">&- 2>&- <&-"] {
      let place = try Place()
      try live(place, place.start(redirection))
      let verified = try CommandResult.of("log", "verify", "--data", place.data)
      #expect(verified.code == 0, "\(redirection): \(verified)")
    }
    let place = try Place()
    let script =
      #"{ "$0" serve --data "$1" --config "$2" --port "$3"; echo "ended with $?" >"$1/code"; } 2>&1 | true"#
    let shell = try ChildCommand("sh", ["-c", script, BuiltCommand.path, place.data, place.config, "\(place.port)"])
    let connection = try place.connect()
    for _ in 0..<50 { #expect(try connection.refresh(place.client, "no-token").status == 400) }
    #expect(try dropped(connection) > 0)
    // Its shell waits for it.
    let server = try #require(LockHolder.find(folder: "\(place.data)/log"))
    kill(server, SIGTERM)
    _ = try shell.wait(seconds: 20)
    #expect(try String(contentsOfFile: "\(place.data)/code", encoding: .utf8) == "ended with 0\n")
  }

  @Test("counts the lines that a full disk refuses")
  func counted() throws {
    let place = try Place()
    let server = try place.start("2>/dev/full")
    let connection = try place.connect()
    let before = try dropped(connection)
    for _ in 0..<10 { #expect(try connection.refresh(place.client, "no-token").status == 400) }
    let deadline = ContinuousClock.now + .seconds(20)
    while try dropped(connection) < before + 10, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(try dropped(connection) >= before + 10)
    server.send(SIGTERM)
    #expect(try server.wait(seconds: 20) == 0)
  }

  @Test("that cannot start says so to nobody and ends at once, with its code")
  func refusedStart() throws {
    let place = try Place()
    let pipe = try UnreadPipe(place.folder, isFull: true)
    let running = try place.start("2>/dev/null")
    _ = try place.connect()
    let began = ContinuousClock.now
    #expect(try place.start("2>\"\(pipe.path)\"").wait(seconds: 20) == 75)
    #expect(ContinuousClock.now - began < .seconds(5))
    running.send(SIGTERM)
    #expect(try running.wait(seconds: 20) == 0)
  }

  @Test("is ended by SIGABRT, as systemd's watchdog sends it, also where a toolchain would look for a crash")
  func abort() throws {
    let place = try Place()
    let pipe = try UnreadPipe(place.folder, isFull: true)
    for redirection in ["2>\"\(pipe.path)\"", "2>/dev/null"] {
      let server = try place.start(redirection)
      _ = try place.connect()
      let began = ContinuousClock.now
      server.send(SIGABRT)
      #expect(try server.wait(seconds: 20) == 128 + SIGABRT, "\(redirection)")
      #expect(ContinuousClock.now - began < .seconds(2))
    }
  }

  @Test("leaves the pipe as those who share it expect it: a write to it may wait")
  func sharedPipe() throws {
    let place = try Place()
    let script = "\"$0\" serve --data \"$1\" --config \"$2\" --port \"$3\"; cat /proc/self/fdinfo/1"
    let shell = try ChildCommand("sh", ["-c", script, BuiltCommand.path, place.data, place.config, "\(place.port)"])
    _ = try place.connect()
    kill(try #require(LockHolder.find(folder: "\(place.data)/log")), SIGTERM)
    _ = try shell.wait(seconds: 20)
    let flags = try shell.read { _ in true }.split(separator: "\n").first { $0.hasPrefix("flags:") }
    let bits = try #require(flags?.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0, radix: 8) })
    #expect(bits & O_NONBLOCK == 0)
  }
}
