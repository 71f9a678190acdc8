import HTTPTypes
import HummingbirdTesting
import LedgerTesting
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

/// What rommapp/romm's own tests ask of its `/api/token`, and the statuses and texts that its clients know.
@Suite("wire: romm")
struct RommWireTests {
  /// As that server is set up: refusal of a used token leaves the session.
  private func fixture() throws -> ServerFixture {
    try ServerFixture(wire: .romm, pathPrefix: "/api") { $0.reuse = .refuse }
  }

  private func token(_ client: any TestClientProtocol, _ form: KeyValuePairs<String, String>) async throws -> Reply {
    try await client.token(form, path: "/api/token")
  }

  private func logIn(_ client: any TestClientProtocol, scope: String = "read write") async throws -> Reply {
    try await token(
      client, ["grant_type": "password", "username": "ann", "password": ServerFixture.password, "scope": scope])
  }

  private func refresh(_ client: any TestClientProtocol, _ refreshToken: String?) async throws -> Reply {
    try await token(client, ["grant_type": "refresh_token", "refresh_token": refreshToken ?? ""])
  }

  private func expect(
    _ reply: Reply, _ status: Int, _ detail: String, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reply.status == status, sourceLocation: location)
    #expect(reply.text == "{\"detail\":\"\(detail)\"}", sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
  }

  @Test("a log-in without any client is answered with both names of each lifetime")
  func logIn() async throws {
    try await fixture().run { client async throws in
      let reply = try await logIn(client)
      #expect(reply.status == 200)
      #expect(
        Set(reply.members.keys) == [
          "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "scope", "expires",
          "refresh_expires",
        ])
      #expect(reply["token_type"] == "bearer")
      #expect(reply.number("expires") == 900)
      #expect(reply.number("expires_in") == 900)
      #expect(reply.number("refresh_expires") == 30 * 86_400)
      #expect(reply.number("refresh_expires_in") == 30 * 86_400)
      #expect(reply["scope"] == "read write")
    }
  }

  @Test("a log-in is meant where no grant type is named, and a client's credentials are not looked at")
  func defaults() async throws {
    try await fixture().run { client async throws in
      let reply = try await token(
        client,
        [
          "username": "ann", "password": ServerFixture.password, "client_id": "nobody", "client_secret": "x",
          "scope": " read\twrite ",
        ])
      #expect(reply.status == 200)
      #expect(reply["scope"] == "read write")
    }
  }

  @Test("a log-in that asks for no scope gets none, and its refresh too", arguments: ["", " ", "\t"])
  func noScope(scope: String) async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let reply = try await logIn(client, scope: scope)
      #expect(reply.status == 200 && reply["scope"] == "")
      #expect(try fixture.engine.verify(#require(reply["access_token"])).scopes.isEmpty)
      #expect(try await refresh(client, reply["refresh_token"])["scope"] == "")
    }
  }

  @Test("a refresh has what was granted, whatever it asks for", arguments: ["read write admin", "read", "other", "\""])
  func refreshScope(scope: String) async throws {
    try await fixture().run { client async throws in
      let pair = try await logIn(client)
      let reply = try await token(
        client, ["grant_type": "refresh_token", "refresh_token": pair["refresh_token"] ?? "", "scope": scope])
      #expect(reply.status == 200 && reply["scope"] == "read write", "\(reply.text)")
    }
  }

  @Test("a log-in finds the exact name, else the only one that is the same in lower case")
  func names() async throws {
    let fixture = try fixture()
    let scopes = try #require(Scopes("read"))
    for name in ["Bob", "Cyd", "CYD", "ANN"] {
      fixture.subjects.set(Subject(id: name, scopes: scopes), password: "password of \(name)")
    }
    try await fixture.run { client async throws in
      func subject(_ name: String, _ password: String) async throws -> String? {
        let reply = try await token(client, ["username": name, "password": password])
        return try reply["access_token"].map { try fixture.engine.verify($0).subject }
      }
      for name in ["Bob", "bob", "BOB"] { #expect(try await subject(name, "password of Bob") == "Bob") }
      for name in ["Cyd", "CYD"] { #expect(try await subject(name, "password of \(name)") == name) }
      #expect(try await subject("cyd", "password of Cyd") == nil)
      #expect(try await subject("ann", ServerFixture.password) == "ann")
      #expect(try await subject("ANN", "password of ANN") == "ANN")
      #expect(try await subject("Ann", ServerFixture.password) == nil)
    }
    try await ServerFixture().run { client async throws in
      let reply = try await client.token([
        "grant_type": "password", "username": "Ann", "password": ServerFixture.password, "client_id": "app",
      ])
      #expect(reply["error"] == "invalid_grant")
    }
  }

  @Test("multipart/form-data is read, within the same bounds, and in the standard format it is not")
  func multipart() async throws {
    let type = "multipart/form-data; boundary=----x"
    @Sendable func body(_ fields: KeyValuePairs<String, String>) -> String {
      let parts = fields.map { "------x\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n" }
      return parts.joined() + "------x--\r\n"
    }
    let logIn = body(["username": "ann", "password": ServerFixture.password, "scope": "read"])
    try await fixture().run { client async throws in
      let reply = try await client.post(logIn, type: type, path: "/api/token")
      #expect(reply.status == 200 && reply["scope"] == "read", "\(reply.text)")
      expect(
        try await client.post(body(["a": "1", "a": "2"]), type: type, path: "/api/token"), 400, "Invalid form")
      expect(try await client.post("", type: type, path: "/api/token"), 400, "Invalid form")
      expect(try await client.post(logIn, type: "multipart/form-data", path: "/api/token"), 400, "Invalid form")
      expect(try await client.post(body([:]), type: type, path: "/api/token"), 400, "Missing username or password")
      let huge = body(["a": String(repeating: "a", count: 20_000)])
      expect(try await client.post(huge, type: type, path: "/api/token"), 413, "Request body too large")
    }
    #expect(try await ServerFixture().run { try await $0.post(logIn, type: type) }.status == 415)
  }

  @Test("a refresh is answered with a new pair, the old token fails, the new one works")
  func rotation() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let first = try await logIn(client)
      let second = try await refresh(client, first["refresh_token"])
      #expect(second.status == 200)
      #expect(second["token_type"] == "bearer")
      #expect(second.number("expires") == 900)
      #expect(second["refresh_token"] != first["refresh_token"])
      expect(try await refresh(client, first["refresh_token"]), 401, "Invalid refresh token")
      #expect(fixture.recorder.latestRefusal == .reused(.race, generationsBehind: 1, revokedSession: false))
      #expect(try await refresh(client, second["refresh_token"]).status == 200)
    }
  }

  @Test("a refresh without a token, or with no good one, is refused")
  func badRefreshTokens() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      expect(try await refresh(client, nil), 400, "Missing refresh token")
      expect(try await token(client, ["grant_type": "refresh_token"]), 400, "Missing refresh token")
      expect(try await refresh(client, "invalid_token"), 401, "Invalid refresh token")
      let pair = try await logIn(client)
      expect(try await refresh(client, pair["access_token"]), 401, "Invalid refresh token")
      #expect(fixture.recorder.latestRefusal == .badToken(.wrongType))
      fixture.clock.advance(milliseconds: 30 * 86_400_000)
      expect(try await refresh(client, pair["refresh_token"]), 401, "Invalid refresh token")
      #expect(fixture.recorder.latestRefusal == .expired(generationsBehind: nil))
    }
  }

  @Test("a refresh whose user is gone is 401, whose user is disabled 403, and neither consumes")
  func users() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let pair = try await logIn(client)
      fixture.subjects.setEnabled("ann", false)
      expect(try await refresh(client, pair["refresh_token"]), 403, "User account is disabled")
      expect(try await logIn(client), 403, "User account is disabled")
      fixture.subjects.remove("ann")
      expect(try await refresh(client, pair["refresh_token"]), 401, "Invalid refresh token")
      #expect(fixture.recorder.latestRefusal == .subjectGone)
      fixture.subjects.set(Subject(id: "ann", scopes: ["read", "write"]), password: "")
      #expect(try await refresh(client, pair["refresh_token"]).status == 200)
    }
  }

  @Test("a log-in that fails says why in the texts that clients know")
  func failedLogIns() async throws {
    try await fixture().run { client async throws in
      for form: KeyValuePairs in [
        ["grant_type": "password", "username": "ann"], ["grant_type": "password", "password": "x"],
        ["grant_type": "password", "username": "", "password": ""], ["scope": "read"],
      ] {
        expect(try await token(client, form), 400, "Missing username or password")
      }
      for name in ["ann", "bob"] {
        expect(
          try await token(client, ["grant_type": "password", "username": name, "password": "a_bad_password"]), 401,
          "Invalid username or password")
      }
      expect(try await logIn(client, scope: "read roms.write"), 403, "Insufficient scope")
    }
  }

  @Test("other grants are refused")
  func otherGrants() async throws {
    try await fixture().run { client async throws in
      expect(
        try await token(client, ["grant_type": "client_credentials"]), 400, "Client credentials are not yet supported")
      expect(try await token(client, ["grant_type": "invalid_type"]), 400, "Invalid or unsupported grant type")
    }
  }

  @Test("every fault is a detail, also those of the form and of a store")
  func details() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      expect(try await client.post("a=1&a=2", path: "/api/token"), 400, "Invalid form")
      expect(try await client.post("{}", type: "application/json", path: "/api/token"), 415, "Unsupported media type")
      let huge = String(repeating: "a", count: 20_000)
      expect(try await client.post("a=\(huge)", path: "/api/token"), 413, "Request body too large")
      expect(try await client.get("/api/nothing"), 404, "Not Found")
      fixture.subjects.fail(with: .overloaded)
      let reply = try await logIn(client)
      expect(reply, 503, "Temporarily unavailable")
      #expect(reply.headers[.retryAfter] == "1")
    }
  }

  @Test("another method is 405 with a detail and Allow, on every route, and HEAD has its length without the body")
  func otherMethods() async throws {
    try await fixture().run { client async throws in
      let strange = try #require(HTTPRequest.Method("PROPFIND"))
      for (path, allowed) in [
        ("token", "POST"), ("revoke", "POST"), ("me", "GET, HEAD"), ("admin/one-time-tokens", "POST"),
      ] {
        for method in [.put, .delete, .patch, .options, strange] as [HTTPRequest.Method] {
          let reply = try await client.send(method, "/api/\(path)")
          expect(reply, 405, "Method Not Allowed")
          #expect(reply.headers[.allow] == allowed)
        }
      }
      for (path, status, length) in [("token", 405, 31), ("nothing", 404, 22)] {
        let reply = try await client.send(.head, "/api/\(path)")
        #expect(reply.status == status && reply.text.isEmpty)
        #expect(reply.headers[.contentLength] == "\(length)" && reply.headers[.contentType] == "application/json")
      }
    }
  }

  @Test("access tokens are shown to the other routes as in the standard format")
  func bearer() async throws {
    try await fixture().run { client async throws in
      let pair = try await logIn(client)
      #expect(try await client.get("/api/me", bearer: pair["access_token"])["client"] == "romm")
      let refused = try await client.get("/api/me", bearer: "x")
      #expect(refused.status == 401)
      #expect(refused.headers[.wwwAuthenticate]?.hasPrefix("Bearer error=\"invalid_token\"") == true)
    }
  }
}
