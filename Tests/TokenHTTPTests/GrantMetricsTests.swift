import HummingbirdTesting
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("The counters of a server")
struct GrantMetricsTests {
  /// What a request counts where `before` has happened.
  struct Cause: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var counts: [String: Int64]
    /// How often the time of a refresh is recorded.
    var rotations = 0
    var before: @Sendable (any TestClientProtocol, ServerFixture, TokenPair) async throws -> Void = { _, _, _ in }
    var request: @Sendable (any TestClientProtocol, TokenPair) async throws -> Reply
  }

  static let causes: [Cause] = [
    Cause(testDescription: "a log-in", counts: ["sessions_opened_total": 1]) { client, _ in try await client.logIn() },
    Cause(
      testDescription: "a log-in with a wrong password",
      counts: ["refusals_total{bad_credentials}": 1, "login_failures_total": 1]
    ) { client, _ in
      try await client.token(["grant_type": "password", "username": "ann", "password": "x", "client_id": "app"])
    },
    Cause(
      testDescription: "a log-in for more than may be granted",
      counts: ["refusals_total{invalid_scope}": 1, "login_failures_total": 1]
    ) { client, _ in try await client.logIn(scope: "admin") },
    Cause(testDescription: "a refresh", counts: ["rotations_total": 1], rotations: 1) { client, pair in
      try await client.refresh(pair.refreshToken)
    },
    Cause(testDescription: "no token", counts: ["refusals_total{malformed}": 1], rotations: 1) { client, _ in
      try await client.refresh("no.token.atall")
    },
    Cause(
      testDescription: "a retry in the grace window", counts: ["replays_total{retry}": 1], rotations: 1,
      before: { client, fixture, pair in
        _ = try await client.refresh(pair.refreshToken)
        fixture.clock.advance(milliseconds: 5000)
      },
      request: { client, pair in try await client.refresh(pair.refreshToken) }),
    Cause(
      testDescription: "a reuse",
      counts: ["refusals_total{reused}": 1, "reuses_total{late_parent}": 1, "revocations_total{reuse}": 1],
      rotations: 1,
      before: { client, fixture, pair in
        _ = try await client.refresh(pair.refreshToken)
        fixture.clock.advance(milliseconds: 60_000)
      },
      request: { client, pair in try await client.refresh(pair.refreshToken) }),
    Cause(
      testDescription: "a store with too much to do", counts: ["overloads_total{store}": 1], rotations: 1,
      before: { _, fixture, _ in fixture.subjects.fail(with: .overloaded) },
      request: { client, pair in try await client.refresh(pair.refreshToken) }),
    Cause(
      testDescription: "a store that cannot be read", counts: [:], rotations: 1,
      before: { _, fixture, _ in fixture.subjects.fail(with: .unreadable("away")) },
      request: { client, pair in try await client.refresh(pair.refreshToken) }),
    Cause(testDescription: "a revocation", counts: ["revocations_total{session}": 1]) { client, pair in
      try await client.post(
        "token=\(pair.refreshToken)", authorization: basic("web:\(ServerFixture.secret)".utf8), path: "/revoke")
    },
    Cause(testDescription: "a client that nobody knows", counts: [:]) { client, pair in
      try await client.token([
        "grant_type": "refresh_token", "refresh_token": pair.refreshToken, "client_id": "nobody",
      ])
    },
    Cause(testDescription: "a look at the keys", counts: [:]) { client, _ in
      try await client.get("/.well-known/jwks.json")
    },
  ]

  @Test("move for what they count, and for nothing else", arguments: causes)
  func cause(_ cause: Cause) async throws {
    let counted = CountedMetrics()
    let fixture = try ServerFixture(metrics: counted.server) { $0.grace = .seconds(30) }
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      try await cause.before(client, fixture, pair)
      let (before, rotations) = (counted.counts, counted.recordings(of: .rotateSeconds))
      _ = try await cause.request(client, pair)
      var moved = counted.counts
      for (name, count) in before {
        moved[name, default: 0] -= count
        if moved[name] == 0 { moved[name] = nil }
      }
      #expect(moved == cause.counts)
      #expect(counted.recordings(of: .rotateSeconds) == rotations + cause.rotations)
    }
  }

  @Test("tell of log-ins that are put off, which are no failures more")
  func putOff() async throws {
    let counted = CountedMetrics()
    let fixture = try ServerFixture(metrics: counted.server)
    try await fixture.run(failedLoginsPerMinute: 1) { client async throws in
      for _ in 1...3 {
        _ = try await client.token([
          "grant_type": "password", "username": "ann", "password": "x", "client_id": "app",
        ])
      }
    }
    #expect(
      counted.counts == [
        "refusals_total{bad_credentials}": 1, "login_failures_total": 1, "logins_put_off_total": 2,
      ])
  }

  @Test("are all there, at zero, before anything has happened")
  func present() async throws {
    let counted = CountedMetrics()
    let fixture = try ServerFixture(metrics: counted.server)
    _ = fixture.application
    #expect(counted.counts.isEmpty && counted.requests.isEmpty)
    let names = Set(counted.series.compactMap { $0.split(separator: " ").first.map(String.init) })
    #expect(names == Set(TokenMetric.allCases.filter { $0.stores.contains(.embedded) }.map(\.rawValue)))
  }
}
