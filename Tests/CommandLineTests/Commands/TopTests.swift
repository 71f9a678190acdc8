import Foundation
import Glibc
import Testing

@testable import refresh_ledger

@Suite("top")
struct TopTests {
  private static func page(rotations: Int, commits: [Int], live: Int = 3, ready: Int = 1) -> String {
    let buckets = zip(["0.001", "0.01", "+Inf"], commits).map {
      "refresh_ledger_commit_duration_seconds_bucket{le=\"\($0)\"} \($1)\n"
    }
    return """
      # HELP refresh_ledger_ready Whether.
      # TYPE refresh_ledger_ready gauge
      refresh_ledger_ready \(ready)
      refresh_ledger_live_sessions \(live)
      refresh_ledger_rotations_total \(rotations)
      refresh_ledger_refusals_total{reason="expired"} 4
      refresh_ledger_refusals_total{reason="reused"} \(rotations)
      refresh_ledger_log_bytes 1.5e3

      """ + buckets.joined()
  }

  private func reading(_ before: String, _ after: String, seconds: Int = 2) -> TopServerReading {
    let start = ContinuousClock.now
    return TopServerReading(
      MetricsScrape(after, at: start + .seconds(seconds)), since: MetricsScrape(before, at: start))
  }

  @Test("Rates are what counters rose by, divided by the time between two looks")
  func rates() {
    let reading = reading(Self.page(rotations: 10, commits: [0, 0, 0]), Self.page(rotations: 30, commits: [0, 0, 0]))
    #expect(reading.rotations == 10 && reading.rotationsSinceStart == 30)
    #expect(reading.refusals == 10 && reading.refusalsByReason == ["reused": 10])
    #expect(reading.liveSessions == 3 && reading.logBytes == 1500 && reading.ready)
    #expect(reading.commitMilliseconds == nil && reading.commits == 0)
  }

  @Test("A counter that fell began anew with its server")
  func restart() {
    let reading = reading(Self.page(rotations: 1000, commits: [9, 9, 9]), Self.page(rotations: 6, commits: [2, 2, 2]))
    #expect(reading.rotations == 3 && reading.commits == 1)
  }

  @Test("Latencies are of what was observed between two looks, interpolated as Prometheus does")
  func latencies() throws {
    let reading = reading(
      Self.page(rotations: 0, commits: [100, 100, 100]), Self.page(rotations: 0, commits: [190, 200, 200]))
    let latency = try #require(reading.commitMilliseconds)
    #expect(abs(latency.p50 - 0.556) < 0.001 && abs(latency.p99 - 9.1) < 0.001, "\(latency)")
    #expect(reading.commits == 50)
  }

  @Test("On a screen a server that is not ready says so, and nothing is wider than a terminal")
  func screen() {
    let reading = reading(
      Self.page(rotations: 0, commits: [0, 0, 0]), Self.page(rotations: 123_456_789, commits: [9, 9, 9], ready: 0))
    let lines = reading.lines(history: Array(repeating: 1, count: 60))
    #expect(lines.contains { $0.hasPrefix("NOT READY") })
    #expect(lines.contains { $0.contains("61,728,394.5") && $0.contains("rotations") }, "\(lines)")
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
  }

  @Test("On a terminal of 40 columns every figure is whole, below the rest where it has no room")
  func narrow() throws {
    let folder = try TestFolder()
    let served = try serve()
    let command = "stty cols 40 rows 60; \(BuiltCommand.path) top --url \(served.server.url) --count 2"
    let result = try CommandResult.of(
      "script", ["-qec", command, "\(folder.path)/typescript"], environment: ["TERM": "xterm"])
    #expect(result.output.contains("since its start") && result.output.contains("wait for"), "\(result.output)")
  }

  private struct Served {
    let folder: TestFolder
    let data: String
    let server: TestServer
    let client: TestClient
  }

  private func serve() throws -> Served {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    return Served(folder: folder, data: data, server: server, client: TestClient(try server.secret("CLIENT")))
  }

  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test("Of a running server it sees log-ins and rotations, by its metrics and by its log", arguments: [true, false])
  func watching(byMetrics: Bool) throws {
    let served = try serve()
    let what = byMetrics ? ["--url", served.server.url] : ["--data", served.data]
    let top = try ChildCommand(BuiltCommand.path, ["top", "--json"] + what)
    _ = try top.read { $0.contains("\n") }
    let connection = try served.server.connect()
    var token = try connection.logIn(served.client, password: served.server.secret("PASSWORD")).member("refresh_token")
    for _ in 0..<4 { token = try connection.refresh(served.client, token).member("refresh_token") }
    // Of all readings together, as the requests may fall into two seconds.
    func rotated(_ text: String) throws -> Double {
      let whole = text.lastIndex(of: "\n").map { text[..<$0] } ?? ""
      return try objects(String(whole)).reduce(0.0) { sum, reading in
        let rate = (byMetrics ? reading["rotations"] : (reading["kinds"] as? [String: Any])?["rotated"]) as? Double
        return sum + (rate ?? 0) * (try #require(reading["seconds"] as? Double))
      }
    }
    let text = try top.read { ((try? rotated($0)) ?? 0) > 3.9 }
    top.send(SIGTERM)
    #expect(try abs(rotated(text) - 4) < 0.1, "\(text)")
    #expect(text.contains("\"liveSessions\":1"))
    #expect(try served.server.stop() == 0)
  }

  @Test("Without a terminal it prints a header, a row for each reading, and ends after as many as were asked for")
  func rows() throws {
    let served = try serve()
    for what in [["--url", served.server.url], ["--data", served.data]] {
      let top = try CommandResult.of(BuiltCommand.path, ["top", "--count", "2"] + what)
      #expect(top.code == 0 && top.errors == "", "\(top)")
      let lines = top.output.split(separator: "\n")
      #expect(lines.count == 3 && lines[0].contains("SESSIONS"), "\(top)")
      #expect(!top.output.contains("\u{1B}"))
    }
    #expect(try served.server.stop() == 0)
  }

  @Test("What cannot be watched is one line: no server 75, another server 1, no log 66, a bad option 64")
  func refusals() throws {
    let folder = try TestFolder()
    let served = try serve()
    for (arguments, code) in [
      (["--url", "http://127.0.0.1:1"], 75), (["--url", "\(served.server.url)/health"], 1),
      (["--data", folder.path], 66),
      (["--url", "localhost"], 64), (["--url", served.server.url, "--data", served.data], 64), (["--count", "0"], 64),
      (["--interval", "0"], 64),
    ] as [([String], Int32)] {
      let top = try CommandResult.of(BuiltCommand.path, ["top", "--count", "1"] + arguments)
      #expect(top.code == code && top.isOneLineError, "\(arguments): \(top)")
    }
    #expect(try served.server.stop() == 0)
  }
}
