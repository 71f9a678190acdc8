import HTTPTypes
import HummingbirdTesting
import MetricsTestKit
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("GET /metrics")
struct MetricsRouteTests {
  private static let text = "# HELP a b\n"

  private func fixture(pathPrefix: String = "", backend: TestMetrics = TestMetrics()) throws -> ServerFixture {
    try ServerFixture(pathPrefix: pathPrefix, metrics: ServerMetrics(factory: backend) { Self.text })
  }

  @Test("answers the text to everybody, as Prometheus's format, not to be stored", arguments: ["", "/auth"])
  func answers(pathPrefix: String) async throws {
    try await fixture(pathPrefix: pathPrefix).run { client async throws in
      let reply = try await client.get("\(pathPrefix)/metrics")
      #expect(reply.status == 200 && reply.text == Self.text)
      #expect(reply.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(reply.headers[.cacheControl] == "no-store")
      #expect(reply.headers[.xContentTypeOptions] == "nosniff")
    }
  }

  @Test("answers HEAD without the body, as all that may be looked at")
  func head() async throws {
    try await fixture().run { client async throws in
      let reply = try await client.send(.head, "/metrics")
      #expect(reply.status == 200 && reply.text.isEmpty && reply.headers[.cacheControl] == "no-store")
    }
  }

  @Test("has no other method", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
  func otherMethods(name: String) async throws {
    let method = try #require(HTTPRequest.Method(name))
    try await fixture().run { client async throws in
      let reply = try await client.send(method, "/metrics")
      #expect(reply.status == 405 && reply.headers[.allow] == "GET, HEAD")
    }
  }

  @Test("is not there where the metrics are for another backend, or for none")
  func absent() async throws {
    for metrics in [nil, ServerMetrics(factory: TestMetrics())] {
      try await ServerFixture(metrics: metrics).run { client async throws in
        #expect(try await client.get("/metrics").status == 404)
      }
    }
  }

  @Test("reads the gauges of that moment")
  func gauges() async throws {
    let backend = TestMetrics()
    let fixture = try fixture(backend: backend)
    @Sendable func value(_ metric: TokenMetric) throws -> Double? { try backend.expectMeter(metric.rawValue).lastValue }
    let pair = try await fixture.pair()
    _ = try await fixture.pair()
    try await fixture.run { client async throws in
      _ = try await client.get("/metrics")
      #expect(try value(.liveSessions) == 2)
      #expect(try value(.ready) == 1)
      #expect(try value(.entries) == 2)
      let sequence = try #require(try value(.stagedSequence))
      #expect(sequence >= 2)
      #expect(try value(.durableSequence) == sequence)
      #expect(try value(.sequenceLag) == 0)
      try await fixture.engine.revoke(pair.session)
      #expect(try value(.liveSessions) == 2, "as of the last look")
      _ = try await client.get("/metrics")
      #expect(try value(.liveSessions) == 1)
      #expect(try value(.entries) == 2)
      #expect(try value(.stagedSequence) == sequence + 1)
    }
  }
}
