import HTTPTypes
import HummingbirdTesting
import InMemoryTracing
import NIOCore
import Testing
import TokenEngine
import TokenTesting
import Tracing

@testable import TokenHTTP

@Suite("The spans")
struct TracingTests {
  /// For the whole process, as a server would have it: tests that run beside these are traced too.
  private static let tracer: InMemoryTracer = {
    let tracer = InMemoryTracer(recordInjections: false, recordExtractions: false)
    InstrumentationSystem.bootstrap(tracer)
    return tracer
  }()

  /// The fields that make a request part of a trace of that name.
  private func trace(_ name: String) -> HTTPFields {
    var fields: HTTPFields = [:]
    for (key, value) in [(InMemoryTracer.traceIDKey, name), (InMemoryTracer.spanIDKey, "caller")] {
      if let key = HTTPField.Name(key) { fields[key] = value }
    }
    return fields
  }

  private func spans(of trace: String) -> [FinishedInMemorySpan] {
    Self.tracer.finishedSpans.filter { $0.traceID == trace }
  }

  private func attributes(of span: FinishedInMemorySpan?) -> [String: String] {
    var attributes: [String: String] = [:]
    span?.attributes.forEach { attributes[$0] = "\($1)" }
    return attributes
  }

  @Test("of a request name its method, route and status, and continue the caller's trace")
  func request() async throws {
    _ = Self.tracer
    try await ServerFixture(pathPrefix: "/auth").run { client async throws in
      _ = try await client.send(.get, "/auth/admin/sessions/secret-id?subject=secret", headers: trace("request"))
    }
    let spans = spans(of: "request")
    #expect(spans.map(\.operationName) == ["GET /auth/admin/sessions/{sid}"])
    #expect(spans.first?.parentSpanID == "caller" || spans.first?.kind == .server)
    let attributes = attributes(of: spans.first)
    #expect(Set(attributes.keys) == ["http.request.method", "http.route", "http.response.status_code"])
    #expect(attributes.values.contains { $0.contains("401") })
  }

  @Test("of an unknown path or method hold nothing of it")
  func unknown() async throws {
    _ = Self.tracer
    try await ServerFixture().run { client async throws in
      let method = try #require(HTTPRequest.Method("SECRETMETHOD"))
      _ = try await client.send(method, "/secret-path?secret=query", headers: trace("unknown"))
    }
    let spans = spans(of: "unknown")
    #expect(spans.map(\.operationName) == ["_OTHER"])
    #expect(!"\(spans)".lowercased().contains("secret"))
  }

  @Test("of a grant lie in that of their request and say what came of it")
  func grants() async throws {
    _ = Self.tracer
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      for token in [pair.refreshToken, "x"] {
        var fields = trace("grants")
        fields[.contentType] = "application/x-www-form-urlencoded"
        let form =
          "grant_type=refresh_token&refresh_token=\(token)&client_id=web&client_secret=\(ServerFixture.secret)"
        _ = try await client.send(.post, "/token", headers: fields, body: .init(string: form))
      }
    }
    let spans = spans(of: "grants")
    #expect(
      spans.map(\.operationName) == ["grant refresh_token", "POST /token", "grant refresh_token", "POST /token"])
    guard spans.count == 4 else { return }
    #expect(spans[0].parentSpanID == spans[1].spanID && spans[2].parentSpanID == spans[3].spanID)
    #expect(attributes(of: spans[0])["refresh_ledger.outcome"]?.contains("granted") == true)
    #expect(attributes(of: spans[2])["refresh_ledger.outcome"]?.contains("refused") == true)
    #expect(attributes(of: spans[2])["refresh_ledger.reason"]?.contains("malformed") == true)
  }

  @Test("hold no token, password, secret or name, whatever happens")
  func holdNoSecret() async throws {
    _ = Self.tracer
    let fixture = try ServerFixture()
    fixture.subjects.set(Subject(id: "canary-subject", scopes: []), password: "canary-password")
    fixture.clients.set(Client(id: "canary-client", isPublic: false), secret: "canary-secret")
    let canaries = try await fixture.run { client async throws in
      func logIn(_ password: String) async throws -> Reply {
        try await client.token(
          ["grant_type": "password", "username": "canary-subject", "password": "\(password)"],
          authorization: basic("canary-client:canary-secret".utf8))
      }
      func refresh(_ token: String?) async throws -> Reply {
        try await client.token(
          ["grant_type": "refresh_token", "refresh_token": "\(token ?? "")"],
          authorization: basic("canary-client:canary-secret".utf8))
      }
      let first = try await logIn("canary-password")
      _ = try await logIn("canary-wrong-password")
      let second = try await refresh(first["refresh_token"])
      #expect(first.status == 200 && second.status == 200)
      _ = try await refresh(first["refresh_token"])
      _ = try await client.get("/me?access_token=canary-query", bearer: second["access_token"])
      _ = try await client.get("/canary-path", bearer: "canary-token")
      fixture.subjects.fail(with: .unreadable("canary-failure"))
      _ = try await refresh(second["refresh_token"])
      return [first, second].flatMap { [$0["access_token"], $0["refresh_token"]].compactMap(\.self) } + ["canary"]
    }
    #expect(canaries.count == 5)
    let spans = Self.tracer.finishedSpans
    #expect(spans.contains { $0.operationName == "grant password" })
    let texts = spans.map { "\($0.operationName) \(attributes(of: $0)) \($0.events) \($0.errors) \($0.links)" }
    for canary in canaries + [basic("canary-client:canary-secret".utf8)] {
      #expect(!texts.contains { $0.contains(canary) })
    }
    // Nor what a failure says: nothing that was thrown is recorded.
    #expect(spans.allSatisfy { $0.errors.isEmpty })
  }
}
