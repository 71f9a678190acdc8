import HTTPTypes
import HummingbirdTesting
import LedgerTesting
import NIOCore
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("The metrics of requests")
struct RequestMetricsTests {
  @Test("name the template of the route and the class of the status")
  func routes() async throws {
    let counted = CountedMetrics()
    let fixture = try ServerFixture(pathPrefix: "/auth", metrics: counted.server)
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      _ = try await client.get("/auth/health/live")
      _ = try await client.send(.head, "/auth/me")
      _ = try await client.get("/auth/me", bearer: pair.accessToken)
      _ = try await client.get("/auth/admin/sessions/AAAAAAAAAAAAAAAA")
      _ = try await client.get("/health/live")
      _ = try await client.token(
        [
          "grant_type": "refresh_token", "refresh_token": "x", "client_id": "web",
          "client_secret": ServerFixture.secret,
        ], path: "/auth/token")
      fixture.clients.fail(with: .unreadable("away"))
      _ = try await client.token(["grant_type": "refresh_token", "client_id": "web"], path: "/auth/token")
    }
    #expect(
      counted.requests == [
        "http_requests_total{/health/live,2xx}": 1, "http_requests_total{/me,4xx}": 1,
        "http_requests_total{/me,2xx}": 1, "http_requests_total{/admin/sessions/{sid},4xx}": 1,
        "http_requests_total{other,4xx}": 1, "http_requests_total{/token,4xx}": 1,
        "http_requests_total{/token,5xx}": 1,
      ])
    #expect(counted.recordings(of: .requestSeconds) == 7)
  }

  @Test("have the labels that they began with after a thousand random paths, methods and clients")
  func bounded() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let counted = CountedMetrics()
    let fixture = try ServerFixture(metrics: counted.server)
    // Only making the application makes the metrics of its routes.
    let application = fixture.application
    let before = counted.series
    let requests = (0..<1000).map { _ in RandomRequest(using: &random) }
    try await application.test(.router) { client async throws in
      for request in requests {
        guard let method = HTTPRequest.Method(request.method) else { continue }
        let authorization = basic("\(request.client):secret".utf8)
        var headers: HTTPFields = [.authorization: authorization, .userAgent: request.client]
        headers[.contentType] = "application/x-www-form-urlencoded"
        _ = try await client.send(
          method, request.path, headers: headers,
          body: .init(string: "grant_type=\(request.client)&client_id=\(request.client)"))
      }
    }
    #expect(counted.series == before, "seed \(seed)")
    #expect(counted.requests.values.reduce(0, +) == 1000, "seed \(seed)")
    #expect(before.count < 500)
  }

  private struct RandomRequest {
    let method: String
    let path: String
    let client: String

    init(using random: inout SeededGenerator) {
      func word() -> String {
        String((0..<8).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &random) ?? "a" })
      }
      let known = ["/token", "/revoke", "/introspect", "/me", "/admin/sessions/", "/auth", "/health/live", "/metrics"]
      let begin = Bool.random(using: &random) ? known.randomElement(using: &random) ?? "/" : "/"
      path = "\(begin)\(Bool.random(using: &random) ? word() : "")?\(word())=\(word())"
      method = ["GET", "POST", "DELETE", "PUT", word().uppercased()].randomElement(using: &random) ?? "GET"
      client = word()
    }
  }
}
