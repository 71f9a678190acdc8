import Hummingbird
import HummingbirdTesting
import Testing
import TokenTesting

@testable import TokenEngine
@testable import TokenHTTP

@Suite("The grant client_credentials")
struct ClientCredentialsTests {
  private func fixture() throws -> ServerFixture {
    let fixture = try ServerFixture()
    fixture.clients.set(
      Client(id: "robot", isPublic: false, scopes: Scopes("read write"), grants: [.clientCredentials]),
      secret: "a-secret-of-the-robot")
    return fixture
  }

  private let robot = basic("robot:a-secret-of-the-robot".utf8)

  @Test("answers with an access token and its lifetime, and with no refresh token")
  func answers() async throws {
    try await fixture().run { client in
      let reply = try await client.token(["grant_type": "client_credentials", "scope": "read"], authorization: robot)
      #expect(reply.status == 200)
      #expect(Set(reply.members.keys) == ["access_token", "token_type", "expires_in", "scope"])
      #expect(reply["token_type"] == "Bearer")
      #expect(reply.number("expires_in") == 900)
      #expect(reply["scope"] == "read")
      #expect(reply.headers[.cacheControl] == "no-store")
      let me = try await client.get("/me", bearer: reply["access_token"])
      #expect(me["subject"] == "robot")
      #expect(me["client"] == "robot")
    }
  }

  @Test(
    "is refused by unauthorized_client to a client that may not use it, a public one also, and by invalid_scope for too much"
  )
  func refuses() async throws {
    try await fixture().run { client in
      let web = basic("web:\(ServerFixture.secret)".utf8)
      let confidential = try await client.token(["grant_type": "client_credentials"], authorization: web)
      #expect(confidential.status == 400)
      #expect(confidential["error"] == "unauthorized_client")
      let anonymous = try await client.token(["grant_type": "client_credentials", "client_id": "app"])
      #expect(anonymous["error"] == "unauthorized_client")
      let tooMuch = try await client.token(
        ["grant_type": "client_credentials", "scope": "admin"], authorization: robot)
      #expect(tooMuch["error"] == "invalid_scope")
    }
  }

  @Test("is in the server's metadata")
  func isInTheMetadata() async throws {
    try await fixture().run { client in
      let reply = try await client.get("/.well-known/oauth-authorization-server")
      #expect(reply.text.contains("\"grant_types_supported\":[\"password\",\"refresh_token\",\"client_credentials\"]"))
    }
  }
}
