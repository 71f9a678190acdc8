import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("The admin routes")
struct AdminTests {
  private static let admin = basic("boss:\(ServerFixture.secret)".utf8)

  private func fixture() throws -> ServerFixture {
    let fixture = try ServerFixture()
    fixture.clients.set(Client(id: "boss", isPublic: false, isAdmin: true), secret: ServerFixture.secret)
    return fixture
  }

  private func send(
    _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    authorization: String? = Self.admin, type: String? = "application/json"
  ) async throws -> Reply {
    var headers = HTTPFields()
    headers[.authorization] = authorization
    if body != nil { headers[.contentType] = type }
    return try await client.send(method, path, headers: headers, body: body.map { ByteBuffer(string: $0) })
  }

  private func sessions(_ reply: Reply) -> [[String: Any]] { reply.members["sessions"] as? [[String: Any]] ?? [] }

  @Test("open a session for a subject that the caller has authenticated, for a client, with a label")
  func opens() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let body = #"{"subject":"ann","client_id":"web","scope":"read","label":"Ann's phone"}"#
      let reply = try await send(client, .post, "/admin/sessions", body)
      #expect(reply.status == 200 && reply["scope"] == "read" && reply.headers[.cacheControl] == "no-store")
      #expect(try await client.refresh(#require(reply["refresh_token"])).status == 200)
      let own = try await send(client, .post, "/admin/sessions", #"{"subject":"ann"}"#)
      #expect(own["scope"] == "read write admin")
      let listed = sessions(try await send(client, .get, "/admin/sessions?client_id=web"))
      #expect(listed.count == 1 && listed.first?["label"] as? String == "Ann's phone")
    }
  }

  @Test("refuse a body past its bound by 413, announced or in pieces, over a connection too")
  func longBody() async throws {
    let fixture = try fixture()
    let body = #"{"subject":"\#(String(repeating: "a", count: 20_000))"}"#
    try await fixture.run { client async throws in
      #expect(try await send(client, .post, "/admin/sessions", body).status == 413)
    }
    try await fixture.runAnsweredEarly { client async throws in
      let reply = try await send(client, .post, "/admin/sessions", body)
      #expect(reply.status == 413)
      #expect(reply["error"] == "invalid_request")
    }
  }

  @Test("refuse a parameter that came twice, and revoke nothing", arguments: [HTTPRequest.Method.get, .delete])
  func repeatedParameters(method: HTTPRequest.Method) async throws {
    let fixture = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      for query in ["subject=ann&subject=bob", "client_id=web&client_id=app", "all=true&all=true"]
      where method == .delete || !query.hasPrefix("all") {
        let reply = try await send(client, method, "/admin/sessions?\(query)")
        #expect(reply.status == 400)
        #expect(reply["error"] == "invalid_request")
      }
    }
    #expect(try await fixture.engine.session(pair.session) != nil)
  }

  @Test(
    "refuse what no session can be opened from, with the member, and open nothing",
    arguments: [
      (#"{"subject":"nobody"}"#, "invalid_request", "subject"), (#"{"scope":"read"}"#, "invalid_request", "subject"),
      (#"{"subject":"ann","subject":"ann"}"#, "invalid_request", "once"),
      (#"{"subject":"ann","s\u0075bject":"ann"}"#, "invalid_request", "once"),
      (#"{"subject":7}"#, "invalid_request", "subject"), (#"{"subject":null}"#, "invalid_request", "subject"),
      (#"{"subject":"ann","client_id":"nobody"}"#, "invalid_request", "client_id"),
      (#"{"subject":"ann","scope":"everything"}"#, "invalid_scope", "scope"),
      (#"{"subject":"ann","label":""}"#, "invalid_request", "label"), ("[]", "invalid_request", "JSON object"),
      ("{", "invalid_request", "JSON object"), ("", "invalid_request", "JSON object"),
    ])
  func refusesOpenings(body: String, error: String, says: String) async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let reply = try await send(client, .post, "/admin/sessions", body)
      #expect(reply.status == 400 && reply["error"] == error, "\(reply.text)")
      #expect(reply["error_description"]?.contains(says) == true, "\(reply.text)")
      #expect(sessions(try await send(client, .get, "/admin/sessions")).isEmpty)
    }
  }

  @Test("are closed to nobody, to a wrong secret and to a client that is no admin, before anything is looked at")
  func closed() async throws {
    let fixture = try fixture()
    let pair = try await fixture.pair()
    let routes: [(HTTPRequest.Method, String)] = [
      (.post, "/admin/sessions"), (.get, "/admin/sessions"), (.delete, "/admin/sessions?subject=ann"),
      (.get, "/admin/sessions/\(pair.session.text)"), (.delete, "/admin/sessions/\(pair.session.text)"),
      (.post, "/admin/one-time-tokens"), (.post, "/admin/one-time-tokens/consume"),
    ]
    try await fixture.run { client async throws in
      for (method, path) in routes {
        for authorization in [nil, basic("boss:wrong".utf8), "Bearer \(pair.accessToken)"] {
          let reply = try await send(client, method, path, "{}", authorization: authorization)
          #expect(reply.status == 401 && reply["error"] == "invalid_client", "\(method) \(path)")
        }
        let other = try await send(
          client, method, path, "{}", authorization: basic("web:\(ServerFixture.secret)".utf8))
        #expect(other.status == 403 && other["error"] == "access_denied", "\(method) \(path)")
      }
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("list the sessions of a subject, a client, both or all in pages, and show one")
  func lists() async throws {
    let fixture = try fixture()
    for client in ["web", "web", "app"] { _ = try await fixture.pair(client: client, scopes: "read") }
    try await fixture.run { client async throws in
      for (query, count) in [
        ("", 3), ("?subject=ann", 3), ("?subject=bob", 0), ("?client_id=web", 2), ("?subject=ann&client_id=app", 1),
      ] { #expect(sessions(try await send(client, .get, "/admin/sessions\(query)")).count == count, "\(query)") }
      var (path, seen) = ("/admin/sessions?limit=2", [String]())
      while true {
        let page = try await send(client, .get, path)
        seen += sessions(page).compactMap { $0["sid"] as? String }
        guard let next = page["next"] else { break }
        path = "/admin/sessions?limit=2&after=\(next)"
      }
      #expect(seen.count == 3 && Set(seen).count == 3)
      let shown = try await send(client, .get, "/admin/sessions/\(seen[0])")
      #expect(shown.status == 200 && shown["sid"] == seen[0] && shown["subject"] == "ann")
      #expect(try await send(client, .get, "/admin/sessions/AAAAAAAAAAAAAAAA").status == 404)
      #expect(try await send(client, .get, "/admin/sessions/short").status == 400)
      for query in ["limit=0", "limit=1001", "limit=x", "after=x"] {
        #expect(try await send(client, .get, "/admin/sessions?\(query)").status == 400, "\(query)")
      }
    }
  }

  @Test("revoke one session, or those of a subject or client, and all only if told so")
  func revokes() async throws {
    let fixture = try fixture()
    let (one, two) = (try await fixture.pair(), try await fixture.pair())
    try await fixture.run { client async throws in
      #expect(try await send(client, .delete, "/admin/sessions/\(one.session.text)").status == 200)
      #expect(try await send(client, .delete, "/admin/sessions/\(one.session.text)").status == 404)
      #expect(try await client.get("/me", bearer: one.accessToken).status == 401)
      #expect(try await send(client, .delete, "/admin/sessions").status == 400)
      #expect(try await client.get("/me", bearer: two.accessToken).status == 200)
      #expect(try await send(client, .delete, "/admin/sessions?subject=ann&client_id=web").status == 200)
      #expect(try await client.get("/me", bearer: two.accessToken).status == 401)
      let three = try await fixture.pair()
      #expect(try await send(client, .delete, "/admin/sessions?all=true").status == 200)
      #expect(try await client.refresh(three.refreshToken).status == 400)
    }
  }

  @Test("issue a one-time token that is consumed once and only for its purpose")
  func oneTime() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let issued = try await send(
        client, .post, "/admin/one-time-tokens",
        #"{"subject":"ann","purpose":"reset","payload":"a \"b\"","ttl_ms":1000}"#)
      #expect(issued.status == 201)
      let token = try #require(issued["token"])
      func consume(_ purpose: String) async throws -> Reply {
        try await send(
          client, .post, "/admin/one-time-tokens/consume", #"{"token":"\#(token)","purpose":"\#(purpose)"}"#)
      }
      #expect(try await consume("invite")["error"] == "invalid_grant")
      let consumed = try await consume("reset")
      #expect(consumed.status == 200 && consumed["subject"] == "ann" && consumed["payload"] == "a \"b\"")
      #expect(try await consume("reset")["error"] == "invalid_grant")
      for (member, body) in [
        ("lifetime", #"{"subject":"ann","purpose":"reset","ttl_ms":0}"#),
        ("purpose", #"{"subject":"ann","purpose":"","ttl_ms":1}"#), ("ttl_ms", #"{"subject":"ann","purpose":"reset"}"#),
      ] {
        let reply = try await send(client, .post, "/admin/one-time-tokens", body)
        #expect(reply.status == 400 && reply["error_description"]?.contains(member) == true, "\(reply.text)")
      }
    }
  }

  @Test("take JSON alone, and no more of it than the limit of a body")
  func bodies() async throws {
    let fixture = try fixture()
    try await fixture.run { client async throws in
      let form = try await send(
        client, .post, "/admin/sessions", "subject=ann", type: "application/x-www-form-urlencoded")
      #expect(form.status == 415)
      let long = #"{"subject":"\#(String(repeating: "x", count: 17 << 10))"}"#
      #expect(try await send(client, .post, "/admin/sessions", long).status == 413)
      let other = try await send(client, .put, "/admin/sessions")
      #expect(other.status == 405 && other.headers[.allow] == "GET, POST, DELETE")
    }
  }
}
