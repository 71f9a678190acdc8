import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine
import TokenHTTP
import TokenTesting

/// A page of an embedder's own.
private struct StatusPage: AdditionalRoutes {
  var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] { [("/status", [.get])] }

  func add<Context: AuthenticatedContext>(to place: RoutePlace<Context>) {
    let (engine, prefix) = (place.engine, place.pathPrefix)
    place.root.get("/status") { _, _ in "\(await engine.statistics.liveSessions) live below \(prefix)" }
  }
}

@Suite("Additional routes")
struct AdditionalRoutesTests {
  private func run<Value>(
    _ fixture: ServerFixture, _ routes: [any AdditionalRoutes] = [StatusPage()],
    _ test: @Sendable (any TestClientProtocol) async throws -> Value
  ) async throws -> Value {
    try await TokenApplication.make(
      engine: fixture.engine, clients: fixture.clients, options: fixture.options, metrics: fixture.metrics,
      additionalRoutes: routes, logger: fixture.logger
    ).application.test(.router, test)
  }

  @Test("are below the server's prefix, and not there where none are given")
  func areThere() async throws {
    let fixture = try ServerFixture(pathPrefix: "/auth")
    _ = try await fixture.pair()
    try await run(fixture) { client async throws in
      #expect(try await client.get("/auth/status").text == "1 live below /auth")
      #expect(try await client.get("/status").status == 404)
    }
    try await run(fixture, []) { client async throws in
      #expect(try await client.get("/auth/status").status == 404)
    }
  }

  @Test("refuse every method that they do not name", arguments: ["POST", "DELETE", "BREW"])
  func refuseMethods(name: String) async throws {
    let method = try #require(HTTPRequest.Method(name))
    try await run(try ServerFixture()) { client async throws in
      let reply = try await client.send(method, "/status")
      #expect(reply.status == 405 && reply.headers[.allow] == "GET")
    }
  }

  @Test("are counted by the template of their path")
  func areCounted() async throws {
    let counted = CountedMetrics()
    try await run(try ServerFixture(metrics: counted.server)) { client async throws in
      _ = try await client.get("/status")
    }
    #expect(counted.requests == ["http_requests_total{/status,2xx}": 1])
  }
}
