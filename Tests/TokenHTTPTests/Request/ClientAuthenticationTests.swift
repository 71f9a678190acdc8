import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("Client authentication")
struct ClientAuthenticationTests {
  private func logIn(
    _ client: any TestClientProtocol, _ authorization: String?, _ more: String = ""
  ) async throws -> Reply {
    try await client.post(
      "grant_type=password&username=ann&password=correct+horse\(more)", authorization: authorization)
  }

  private func expectInvalidClient(_ reply: Reply, _ location: SourceLocation = #_sourceLocation) {
    #expect(reply.status == 401, sourceLocation: location)
    #expect(reply["error"] == "invalid_client", sourceLocation: location)
    #expect(reply.headers[.wwwAuthenticate] == "Basic realm=\"refresh-ledger\"", sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
  }

  @Test("succeeds by Basic, by the body, and for a public client by its id alone or with an empty secret")
  func succeeds() async throws {
    let secret = ServerFixture.secret
    try await ServerFixture().run { client async throws in
      #expect(try await logIn(client, basic("web:\(secret)".utf8)).status == 200)
      #expect(try await logIn(client, basic("web:\(secret)".utf8), "&client_id=web").status == 200)
      #expect(try await logIn(client, nil, "&client_id=web&client_secret=\(secret)").status == 200)
      #expect(try await logIn(client, nil, "&client_id=app").status == 200)
      #expect(try await logIn(client, basic("app:".utf8)).status == 200)
      #expect(try await logIn(client, "bAsIc \(basic("app:".utf8).dropFirst(6))").status == 200)
    }
  }

  @Test("fails alike for nobody, an unknown client, a wrong secret, no secret, and a public client with one")
  func fails() async throws {
    try await ServerFixture().run { client async throws in
      var texts: Set<String> = []
      for (authorization, more) in [
        (nil, ""), (nil, "&client_id=nobody"), (nil, "&client_id=web"), (nil, "&client_id=web&client_secret="),
        (nil, "&client_id=web&client_secret=wrong"), (nil, "&client_secret=\(ServerFixture.secret)"),
        (nil, "&client_id=nobody&client_secret=x"), (nil, "&client_id=app&client_secret=x"),
        (basic("web:wrong".utf8), ""), (basic("web:".utf8), ""), (basic("web".utf8), ""), (basic(":x".utf8), ""),
        (basic("web:\(ServerFixture.secret)\u{0}".utf8), ""), ("Basic", ""), ("Basic !!!", ""), ("Digest x", ""),
      ] as [(String?, String)] {
        let reply = try await logIn(client, authorization, more)
        expectInvalidClient(reply)
        texts.insert(reply.text)
      }
      #expect(texts.count == 1)
    }
  }

  @Test("in two ways, or with two ids, is answered 400 invalid_request")
  func ambiguous() async throws {
    let secret = ServerFixture.secret
    try await ServerFixture().run { client async throws in
      for more in ["&client_secret=\(secret)", "&client_id=web&client_secret=\(secret)", "&client_id=app"] {
        let reply = try await logIn(client, basic("web:\(secret)".utf8), more)
        #expect(reply.status == 400)
        #expect(reply["error"] == "invalid_request")
      }
      var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      headers.append(HTTPField(name: .authorization, value: basic("web:\(secret)".utf8)))
      headers.append(HTTPField(name: .authorization, value: basic("web:\(secret)".utf8)))
      let body = ByteBuffer(string: "grant_type=password&username=ann&password=correct+horse")
      let reply = try await client.send(.post, "/token", headers: headers, body: body)
      #expect(reply.status == 400)
      #expect(reply["error"] == "invalid_request")
    }
  }

  @Test("takes a Basic secret form-encoded, as UTF-8 or as latin-1")
  func encodings() async throws {
    let fixture = try ServerFixture()
    fixture.clients.set(Client(id: "a+b c", isPublic: false), secret: "pä%20s:s+wörd")
    try await fixture.run { client async throws in
      let latin1 = Array("a+b c:".utf8) + "pä%20s:s+wörd".unicodeScalars.map { UInt8($0.value) }
      #expect(try await logIn(client, basic("a+b c:pä%20s:s+wörd".utf8)).status == 200)
      #expect(try await logIn(client, basic(latin1)).status == 200)
      #expect(try await logIn(client, basic("a%2Bb+c:p%C3%A4%2520s%3As%2Bw%C3%B6rd".utf8)).status == 200)
      #expect(try await logIn(client, basic("a%2Bb%20c:p%E4%2520s%3As%2Bw%F6rd".utf8)).status == 200)
      expectInvalidClient(try await logIn(client, basic("a+b c:pä s:s+wörd".utf8)))
      fixture.clients.set(Client(id: "a+b", isPublic: true))
      #expect(try await logIn(client, basic("a+b:".utf8)).status == 200)
      #expect(try await logIn(client, basic("a%2Bb:".utf8)).status == 200)
    }
  }

  @Test("does not mind a stale access token that a client sends along", arguments: ["Bearer", "DPoP", "dpop"])
  func staleToken(scheme: String) async throws {
    try await ServerFixture().run { client async throws in
      #expect(try await logIn(client, "\(scheme) stale", "&client_id=app").status == 200)
    }
  }

  @Test("comes before the token: who fails it has consumed nothing")
  func beforeTheToken() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.token(
        ["grant_type": "refresh_token", "refresh_token": pair.refreshToken, "client_id": "web", "client_secret": "no"])
      expectInvalidClient(reply)
      #expect(fixture.recorder.events.count == 1)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("done, a client without the grant is answered 400 unauthorized_client")
  func unauthorizedClient() async throws {
    let fixture = try ServerFixture()
    fixture.clients.set(Client(id: "narrow", isPublic: true, grants: [.refreshToken]))
    try await fixture.run { client async throws in
      let reply = try await logIn(client, nil, "&client_id=narrow")
      #expect(reply.status == 400)
      #expect(reply["error"] == "unauthorized_client")
    }
  }
}
