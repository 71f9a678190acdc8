import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import TokenHTTP

@Suite("A page of another origin")
struct OriginAllowListTests {
  private static let origin = "https://app.example"

  private func reply(
    _ method: HTTPRequest.Method, _ path: String, from origin: String, allowed: Set<String> = [origin],
    prefix: String = ""
  ) async throws -> Reply {
    try await ServerFixture(pathPrefix: prefix).run(allowedOrigins: allowed) { client in
      try await client.send(method, path, headers: [.origin: origin])
    }
  }

  @Test(
    "may read the replies of the routes for browsers, refusals too, without credentials",
    arguments: ["/token", "/me", "/public"])
  func allowed(path: String) async throws {
    let reply = try await reply(path == "/token" ? .post : .get, path, from: Self.origin)
    #expect(reply.headers[.accessControlAllowOrigin] == Self.origin)
    #expect(reply.headers[.accessControlAllowCredentials] == nil)
    #expect(reply.headers[values: .vary].contains("Origin"))
  }

  @Test("is told by a preflight what it may send")
  func preflight() async throws {
    let reply = try await reply(.options, "/auth/token", from: Self.origin, prefix: "/auth")
    #expect(reply.status == 204)
    #expect(reply.headers[.accessControlAllowOrigin] == Self.origin)
    #expect(reply.headers[.accessControlAllowMethods]?.contains("POST") == true)
    #expect(reply.headers[.accessControlAllowHeaders]?.lowercased().contains("authorization") == true)
  }

  @Test(
    "that is not on the list may read nothing",
    arguments: ["https://evil.example", "http://app.example", "null", "https://app.example.evil"])
  func foreign(origin: String) async throws {
    for method in [HTTPRequest.Method.post, .options] {
      let reply = try await reply(method, "/token", from: origin)
      #expect(reply.headers[.accessControlAllowOrigin] == nil)
      #expect(reply.status != 204)
      #expect(reply.headers[values: .vary].contains("Origin"))
    }
  }

  @Test(
    "may read nothing of what is for servers", arguments: ["/admin/sessions", "/introspect", "/auth", "/health/live"])
  func serverRoutes(path: String) async throws {
    for method in [HTTPRequest.Method.get, .options] {
      #expect(try await reply(method, path, from: Self.origin).headers[.accessControlAllowOrigin] == nil)
    }
  }

  @Test("may read nothing at all by default")
  func byDefault() async throws {
    let reply = try await reply(.options, "/token", from: Self.origin, allowed: [])
    #expect(reply.headers[.accessControlAllowOrigin] == nil)
    #expect(reply.status == 405)
  }
}
