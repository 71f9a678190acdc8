import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("POST /revoke")
struct RevocationTests {
  private func revoke(
    _ client: any TestClientProtocol, _ token: String, id: String = "web", _ more: KeyValuePairs<String, String> = [:]
  ) async throws -> Reply {
    let form = "token=\(token)" + more.map { "&\($0.key)=\($0.value)" }.joined()
    let secret = id == "web" ? ServerFixture.secret : ""
    return try await client.post(form, authorization: basic("\(id):\(secret)".utf8), path: "/revoke")
  }

  @Test(
    "of a refresh token ends its session and its access tokens, whatever the hint says",
    arguments: ["", "access_token"])
  func refreshToken(hint: String) async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await revoke(client, pair.refreshToken, ["token_type_hint": hint])
      #expect(reply.status == 200 && reply.headers[.cacheControl] == "no-store")
      #expect(try await client.refresh(pair.refreshToken).status == 400)
      #expect(try await client.get("/me", bearer: pair.accessToken).status == 401)
    }
  }

  @Test("of an access token ends that one, and its session only where the form says so")
  func accessToken() async throws {
    let fixture = try ServerFixture()
    let (alone, whole) = (try await fixture.pair(), try await fixture.pair())
    try await fixture.run { client async throws in
      #expect(try await revoke(client, alone.accessToken).status == 200)
      #expect(
        try await client.get("/me", bearer: alone.accessToken)["error_description"] == "The access token was revoked")
      #expect(try await client.refresh(alone.refreshToken).status == 200)
      #expect(try await revoke(client, whole.accessToken, ["end_session": "true"]).status == 200)
      #expect(try await client.refresh(whole.refreshToken).status == 400)
    }
  }

  @Test("of an expired token ends its session too")
  func expired() async throws {
    let fixture = try ServerFixture { $0.accessLifetime = .seconds(1) }
    let pair = try await fixture.pair()
    fixture.clock.advance(milliseconds: 2_000)
    try await fixture.run { client async throws in
      #expect(try await revoke(client, pair.accessToken, ["end_session": "true"]).status == 200)
      #expect(try await client.refresh(pair.refreshToken).status == 400)
    }
  }

  @Test("of what is no token, is another client's or was revoked before is answered 200 and changes nothing")
  func nothing() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      for token in ["x", "a.b.c", pair.refreshToken + "x"] {
        #expect(try await revoke(client, token).status == 200)
      }
      #expect(try await revoke(client, pair.refreshToken, id: "app").status == 200)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("without a token is 400, and without a client that authenticated 401, before anything changes")
  func faults() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let missing = try await client.post("a=b", authorization: basic("app:".utf8), path: "/revoke")
      #expect(missing.status == 400 && missing["error"] == "invalid_request")
      let nobody = try await client.post("token=\(pair.refreshToken)", path: "/revoke")
      #expect(nobody.status == 401 && nobody["error"] == "invalid_client")
      let wrong = try await client.post(
        "token=\(pair.refreshToken)", authorization: basic("web:wrong".utf8), path: "/revoke")
      #expect(wrong.status == 401)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }
}

@Suite("POST /introspect")
struct IntrospectionTests {
  private static let inactive = #"{"active":false}"#

  private func fixture() throws -> ServerFixture {
    let fixture = try ServerFixture { $0.audience = "api" }
    fixture.clients.set(Client(id: "rs", isPublic: false, mayIntrospect: true), secret: ServerFixture.secret)
    return fixture
  }

  private func introspect(
    _ client: any TestClientProtocol, _ token: String, hint: String = "", id: String = "rs"
  ) async throws -> Reply {
    try await client.post(
      "token=\(token)&token_type_hint=\(hint)", authorization: basic("\(id):\(ServerFixture.secret)".utf8),
      path: "/introspect")
  }

  @Test(
    "tells of a good access token what RFC 7662 names, with any hint", arguments: ["", "access_token", "refresh_token"])
  func access(hint: String) async throws {
    let fixture = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await introspect(client, pair.accessToken, hint: hint)
      #expect(reply.members["active"] as? Bool == true && reply.headers[.cacheControl] == "no-store")
      #expect(reply["scope"] == "read write" && reply["client_id"] == "web" && reply["sub"] == "ann")
      #expect(reply["token_type"] == "Bearer" && reply["aud"] == "api" && reply["sid"]?.count == 16)
      #expect(reply.number("exp") == reply.number("iat").map { $0 + 900 })
    }
  }

  @Test("finds a refresh token active only with its hint, and only while it is the live one")
  func refresh() async throws {
    let fixture = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      #expect(try await introspect(client, pair.refreshToken).text == Self.inactive)
      #expect(try await introspect(client, pair.refreshToken, hint: "access_token").text == Self.inactive)
      let live = try await introspect(client, pair.refreshToken, hint: "refresh_token")
      #expect(live.members["active"] as? Bool == true && live["token_type"] == "refresh_token")
      _ = try await client.refresh(pair.refreshToken)
      #expect(try await introspect(client, pair.refreshToken, hint: "refresh_token").text == Self.inactive)
    }
  }

  @Test("says no more than inactive of tokens that are not good, and to clients that may not ask")
  func inactive() async throws {
    let fixture = try fixture()
    let (pair, revoked) = (try await fixture.pair(), try await fixture.pair())
    _ = try await fixture.engine.revoke(revoked.session)
    try await fixture.run { client async throws in
      for token in ["x", pair.accessToken + "x", revoked.accessToken] {
        #expect(try await introspect(client, token).text == Self.inactive)
      }
      #expect(try await introspect(client, pair.accessToken, id: "web").text == Self.inactive)
      fixture.clock.advance(milliseconds: 900_000)
      #expect(try await introspect(client, pair.accessToken).text == Self.inactive)
      #expect(try await client.post("token=x", path: "/introspect").status == 401)
    }
  }
}
