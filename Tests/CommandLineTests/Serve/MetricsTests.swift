import Foundation
import Testing

/// Needs `promtool` (tools/install-dependencies promtool).
@Suite("GET /metrics of the server")
struct MetricsTests {
  @Test("is accepted by promtool without a remark, fresh and after traffic")
  func promtool() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let connection = try server.connect()
    try check(connection.get("/metrics").body)
    try makeTraffic(server, connection)
    try check(connection.get("/metrics").body)
  }

  private func check(_ text: String) throws {
    let result = try CommandResult.of("promtool", ["check", "metrics"], input: text)
    #expect(result.code == 0 && result.output + result.errors == "", "\(result)")
  }

  /// A log-in, a refused one, a refresh, a reuse, and a path that nobody answers.
  private func makeTraffic(_ server: TestServer, _ connection: TestConnection) throws {
    let client = TestClient(try server.secret("CLIENT"))
    let token = try connection.logIn(client, password: server.secret("PASSWORD")).member("refresh_token")
    #expect(try connection.logIn(client, password: "canary-password").status == 400)
    #expect(try connection.refresh(client, token).status == 200)
    #expect(try connection.refresh(client, token).status == 400)
    #expect(try connection.get("/canary-path?canary=query", bearer: "canary-token").status == 404)
  }

  private func commits(_ reply: TestReply) -> Double {
    MetricsPage(reply.body).values["refresh_ledger_commit_duration_seconds_count"] ?? 0
  }

  @Test("tells of what happened, of the commits too, and names nobody")
  func tells() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let connection = try server.connect()
    try makeTraffic(server, connection)
    var reply = try connection.get("/metrics")
    // A commit is counted after those who wait for it are told, so perhaps a moment after the reply.
    let deadline = ContinuousClock.now + .seconds(20)
    while commits(reply) < 3, ContinuousClock.now < deadline { reply = try connection.get("/metrics") }
    #expect(reply.status == 200)
    #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    let page = MetricsPage(reply.body)
    for (name, value) in [
      ("sessions_opened_total", 1), ("rotations_total", 1), ("refusals_total{reason=\"reused\"}", 1),
      ("revocations_total{kind=\"reuse\"}", 1), ("login_failures_total", 1), ("ready", 1), ("live_sessions", 0),
      ("rotate_duration_seconds_count", 2), ("log_sequence_lag", 0),
      ("http_requests_total{route=\"/token\",status=\"2xx\"}", 2),
      ("http_requests_total{route=\"other\",status=\"4xx\"}", 1),
    ] {
      #expect(page.values["refresh_ledger_\(name)"] == Double(value), "\(name)")
    }
    #expect(commits(reply) >= 3)
    #expect(page.values["refresh_ledger_log_bytes"] ?? 0 > 0)
    for name in ["canary", "admin\"", "default", try server.secret("PASSWORD")] {
      #expect(!reply.body.contains(name), "\(name)")
    }
  }

  @Test("lies below the prefix as all other routes")
  func prefix() throws {
    let folder = try TestFolder()
    let server = try TestServer(
      data: "\(folder.path)/data", environment: ["REFRESH_LEDGER_HTTP_PATH_PREFIX": "/auth"])
    let connection = try server.connect()
    #expect(try connection.get("/metrics").status == 404)
    let page = MetricsPage(try connection.get("/auth/metrics").body)
    #expect(page.values["refresh_ledger_http_requests_total{route=\"other\",status=\"4xx\"}"] == 1)
  }

  @Test("prints what docs/metrics.md lists, with those labels and values, and nothing else")
  func documented() throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let printed = MetricsPage(try server.connect().get("/metrics").body)
    let listed = try MetricsDocument()
    #expect(listed.metrics.count > 20 && listed.databaseMetrics.count > 5)
    #expect(printed.types == listed.metrics.mapValues(\.type))
    for (name, metric) in listed.metrics {
      var labels = printed.labels[name] ?? [:]
      labels["le"] = nil
      // No client for pages is named, so there are no routes for them.
      let expected = metric.labels.mapValues { values in values.filter { !$0.hasPrefix("/session/") } }
      #expect(labels == expected, "\(name)")
    }
  }

  @Test("is what the alert rules of docs/metrics.md ask for, which promtool accepts")
  func rules() throws {
    let listed = try MetricsDocument()
    let folder = try TestFolder()
    let result = try CommandResult.of("promtool", ["check", "rules", folder.write("rules.yaml", listed.rules)])
    #expect(result.code == 0 && result.output.contains("6 rules found"), "\(result)")
    for word in listed.rules.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
      guard word.hasPrefix("refresh_ledger_") else { continue }
      let name = String(word.replacing("_bucket", with: ""))
      #expect(listed.metrics[name] != nil || listed.databaseMetrics[name] != nil, "\(word)")
    }
  }
}
