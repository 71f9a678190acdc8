import Foundation
import Testing

@Suite("A connection of the server") struct ConnectionLimitTests {
  private func server(_ folder: TestFolder, _ config: String) throws -> TestServer {
    try TestServer(data: "\(folder.path)/data", config: try folder.write("config.yaml", config))
  }

  /// How the server ends a connection on which this was sent, within ten seconds of patience.
  private func end(_ server: TestServer, after text: String) throws -> String {
    let connection = try server.connect()
    try connection.write(text)
    return try connection.readToEnd()
  }

  @Test("that sends no complete header is closed after http.headerTimeout, and others are served meanwhile")
  func slowHeader() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { headerTimeout: 300ms }")
    let slow = try server.connect()
    try slow.write("GET /public HTTP/1.1\r\nHost: a\r\nX-A: ")
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(try slow.readToEnd() == "")
  }

  @Test("that sends no complete body is closed after http.bodyTimeout")
  func slowBody() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { bodyTimeout: 300ms }")
    let head =
      "POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
    #expect(try end(server, after: head + "grant_type=") == "")
  }

  @Test("has the time of its body for that, also where the time of the header would be longer")
  func shorterBodyTime() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { headerTimeout: 10m, bodyTimeout: 300ms }")
    let head =
      "POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
    #expect(try end(server, after: head) == "")
  }

  @Test("that was refused early and goes on sending is closed after http.bodyTimeout")
  func endlessBody() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { bodyTimeout: 300ms }")
    let head =
      "POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n\r\n"
    #expect(try end(server, after: head + "grant_type=").hasPrefix("HTTP/1.1 413"))
  }

  @Test("that lies still after a reply is closed after http.idleTimeout")
  func idle() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { idleTimeout: 300ms }")
    #expect(try end(server, after: "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 200"))
  }

  @Test("whose request is complete waits for its answer past every timeout")
  func patience() throws {
    let folder = try TestFolder()
    let server = try server(folder, "http: { headerTimeout: 10ms, bodyTimeout: 10ms, idleTimeout: 10ms }")
    let (client, password) = (TestClient(try server.secret("CLIENT")), try server.secret("PASSWORD"))
    #expect(try server.connect().logIn(client, password: password).status == 200)
  }

  @Test("past limits.connectionsPerAddress is closed at once, and the next is welcome when one has gone")
  func perAddress() throws {
    let folder = try TestFolder()
    let server = try server(folder, "limits: { connectionsPerAddress: 2 }")
    var open: [TestConnection] = []
    for _ in 1...2 {
      open.append(try server.connect())
      #expect(try open[open.count - 1].get("/health/live").status == 200)
    }
    #expect(try server.connect().readToEnd() == "")
    open.removeFirst()
    // Until the server has seen that one go.
    let deadline = ContinuousClock.now + .seconds(10)
    var status: Int?
    while status == nil && ContinuousClock.now < deadline { status = try? server.connect().get("/health/live").status }
    #expect(status == 200)
  }

  @Test("with a header past 16 KiB is refused by 400, and one just below is read")
  func longHeader() throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    func status(_ count: Int) throws -> String {
      let padding = String(repeating: "a", count: count)
      return try end(
        server, after: "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: \(padding)\r\n\r\n")
    }
    #expect(try status(16_000).hasPrefix("HTTP/1.1 200"))
    #expect(try status(17_000).hasPrefix("HTTP/1.1 400"))
  }

  @Test(
    "is answered and closed after a request that would leave HTTP or that says it is the last, whatever comes then",
    arguments: ["Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: close\r\n"])
  func lastRequest(header: String) throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    let more = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    let text = try end(server, after: "GET /public HTTP/1.1\r\nHost: a\r\n\(header)\r\n" + more)
    #expect(text.hasPrefix("HTTP/1.1 200"))
    #expect(text.lowercased().contains("connection: close"))
    #expect(text.components(separatedBy: "HTTP/1.1").count == 2, "\(text)")
  }

  @Test("is refused by 400 and closed where a request's end is in doubt, and nothing after it is answered")
  func doubtfulEnd() throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    let more = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    for header in ["Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Host: b"] {
      let text = try end(server, after: "POST /revoke HTTP/1.1\r\nHost: a\r\n\(header)\r\n\r\n0\r\n\r\n" + more)
      #expect(text.hasPrefix("HTTP/1.1 400"), "\(header)")
      #expect(text.components(separatedBy: "HTTP/1.1").count == 2, "\(text)")
    }
  }

  @Test("answers so many requests that come at once, and closes after them")
  func pipelined() throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    let request = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    let text = try end(server, after: String(repeating: request, count: 2000))
    // As many as may wait at any time, and more where the server is as quick as the client.
    #expect((16...2000).contains(text.components(separatedBy: "HTTP/1.1 200").count - 1))
    #expect(text.lowercased().components(separatedBy: "connection: close").count == 2, "\(text.suffix(300))")
  }

  @Test("is told to go on where it waits for that before it sends a body")
  func expectation() throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    let connection = try server.connect()
    try connection.write(
      "POST /token HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    #expect(try connection.readSome().hasPrefix("HTTP/1.1 100 Continue\r\n\r\n"))
    try connection.write("a=b")
    #expect(try connection.readToEnd().contains("HTTP/1.1 415"))
  }

  @Test("is closed once a request has had a multiple of the bytes that one can have, chunk extensions too")
  func endlessChunk() throws {
    let folder = try TestFolder()
    let server = try server(folder, "wire: standard")
    let connection = try server.connect()
    try connection.write(
      "POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    )
    #expect(throws: ChildCommand.Failure.self) {
      for _ in 1...1000 { try connection.write(String(repeating: "x", count: 1 << 20)) }
    }
  }

  @Test(
    "leaves descriptors for the log: with more connections than the process may have, a full log file is still followed by the next"
  )
  func descriptors() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let config = try folder.write("config.yaml", "log: { segmentBytes: 64KiB }\n")
    let script = "ulimit -n 100; exec '\(BuiltCommand.path)' serve --port 0 --data '\(data)' --config '\(config)'"
    let server = try TestServer(ChildCommand("sh", ["-c", script]))
    #expect(server.child.errors.contains("at most 36 connections are taken"))
    let (client, password) = (TestClient(try server.secret("CLIENT")), try server.secret("PASSWORD"))
    let connection = try server.connect()
    var token = try connection.logIn(client, password: password).member("refresh_token")
    // Those that the server does not take wait in the system's queue.
    let others = try (1...80).map { _ in try server.connect() }
    for _ in 1...1500 { token = try connection.refresh(client, token).member("refresh_token") }
    #expect(!token.isEmpty && others.count == 80)
    let log = try CommandResult.of("log", "info", "--data", data)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(data)/log").count { $0.hasSuffix(".lz4") } > 1,
      "\(log.output)")
  }
}
