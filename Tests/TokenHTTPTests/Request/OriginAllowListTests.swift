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
    headers: Set<String> = [], prefix: String = ""
  ) async throws -> Reply {
    try await ServerFixture(pathPrefix: prefix).run(allowedOrigins: allowed, allowedHeaders: headers) { client in
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
    #expect(reply.headers[.accessControlExposeHeaders] == "Retry-After, WWW-Authenticate, DPoP-Nonce")
  }

  @Test("is told by a preflight that it may send the headers of the configuration too")
  func headers() async throws {
    let reply = try await reply(
      .options, "/token", from: Self.origin, headers: ["traceparent", "dpop", "content-type"])
    #expect(reply.headers[.accessControlAllowHeaders] == "authorization, content-type, dpop, traceparent")
    #expect(reply.headers[.accessControlMaxAge] == "600" && reply.text.isEmpty)
    // What pages may read stands on what they read.
    #expect(reply.headers[.accessControlExposeHeaders] == nil)
    #expect(reply.headers[values: .vary] == ["Origin"])
  }

  @Test(
    "is the same with its scheme's own port, and answered as it calls itself",
    arguments: [
      ("https://app.example", "https://app.example:443"), ("https://app.example:443", "https://app.example"),
      ("http://app.example:80", "http://app.example"), ("capacitor://localhost", "capacitor://localhost"),
      ("tauri://localhost", "tauri://localhost"), ("http://[::1]:80", "http://[::1]"),
    ])
  func ownPort(listed: String, origin: String) async throws {
    for method in [HTTPRequest.Method.post, .options] {
      let reply = try await reply(method, "/token", from: origin, allowed: [listed])
      #expect(reply.headers[.accessControlAllowOrigin] == origin)
    }
  }

  static let origins: [(String, String?)] = [
    ("https://x:443", "https://x"), ("http://x:80", "http://x"), ("http://x:443", "http://x:443"),
    ("https://x:80", "https://x:80"), ("https://x:8443", "https://x:8443"), ("ionic://localhost", "ionic://localhost"),
    ("http://[::1]:3000", "http://[::1]:3000"), ("app://obsidian.md", "app://obsidian.md"), ("*", nil), ("null", nil),
    ("", nil), ("https://", nil), ("https://x/", nil), ("https://x?", nil), ("https://X", nil), ("HTTPS://x", nil),
    ("https://x:", nil), ("https://x:0", nil), ("https://x:65536", nil), ("https://x:0443", nil), ("https://x:+1", nil),
    ("https://*.x", nil), ("https://a@x", nil), ("https://x y", nil), ("://x", nil), ("1a://x", nil),
    ("https://[", nil),
    ("https://[]", nil), ("https://[::1]x", nil), ("https://[zz]", nil), ("https://x:y", nil), ("capacitor:", nil),
    ("https://\u{E9}", nil), ("https:/x", nil),
  ]

  @Test("is one that browsers can send", arguments: origins)
  func isOrigin(text: String, origin: String?) {
    #expect(WebOrigin(text)?.text == origin)
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
    arguments: [
      "https://evil.example", "http://app.example", "null", "https://app.example.evil", "https://app.example:444",
      "http://app.example:443", "https://APP.example", "app.example", "https://app.example, https://app.example",
    ])
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
