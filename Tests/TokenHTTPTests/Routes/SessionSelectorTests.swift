import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("What an admin ends and lists")
struct SessionSelectorTests {
  private static let admin = basic("boss:\(ServerFixture.secret)".utf8)

  /// Sessions of `ann` at `web` and `app`, of `John Smith` at `web`.
  private func fixture() async throws -> ServerFixture {
    let fixture = try ServerFixture()
    fixture.clients.set(Client(id: "boss", isPublic: false, isAdmin: true), secret: ServerFixture.secret)
    let scopes = try #require(Scopes("read"))
    fixture.subjects.set(Subject(id: "John Smith", scopes: scopes), password: "")
    for (subject, client) in [("ann", "web"), ("ann", "web"), ("ann", "app"), ("John Smith", "web")] {
      _ = try await fixture.engine.openSession(
        for: Subject(id: subject, scopes: scopes), client: Client(id: client, isPublic: false))
    }
    return fixture
  }

  private func send(
    _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ rest: String
  ) async throws -> Reply {
    try await client.send(method, "/admin/sessions\(rest)", headers: [.authorization: Self.admin])
  }

  @Test(
    "is told as the number of sessions that ended, none too, and a second time as none",
    arguments: [
      ("?subject=ann", 3), ("?subject=ann&client_id=web", 2), ("?client_id=web&subject=ann", 2), ("?client_id=web", 3),
      ("?client_id=app", 1), ("?all=true", 4), ("?subject=nobody", 0), ("?client_id=nobody", 0),
      ("?subject=ann&client_id=nobody", 0), ("?subject=John+Smith", 1), ("?subject=John%20Smith", 1),
      ("?%73ubject=John%20Smith&", 1), ("?subject=John%2BSmith", 0),
    ])
  func counts(query: String, count: Int) async throws {
    let fixture = try await fixture()
    try await fixture.run { client async throws in
      let reply = try await send(client, .delete, query)
      #expect(reply.status == 200 && reply.text == "{\"ended\":\(count)}", "\(reply.text)")
      #expect(reply.headers[.cacheControl] == "no-store")
      let left = try await send(client, .get, "").members["sessions"] as? [Any]
      #expect(left?.count == 4 - count)
      #expect(try await send(client, .delete, query).text == "{\"ended\":0}")
    }
  }

  @Test("counts no session that has expired, though its memory was not given back")
  func expired() async throws {
    let fixture = try await fixture()
    let session = try await fixture.pair()
    fixture.clock.advance(milliseconds: 30 * 86_400_000 - 1)
    _ = try await fixture.engine.refresh(session.refreshToken, client: Client(id: "web", isPublic: false))
    fixture.clock.advance(milliseconds: 1)
    try await fixture.run { client async throws in
      #expect(try await send(client, .delete, "?all=true").text == "{\"ended\":1}")
    }
  }

  @Test("of one session is 1, and of one that is not live 404, also the second time")
  func one() async throws {
    let fixture = try await fixture()
    let session = try await fixture.pair().session.text
    try await fixture.run { client async throws in
      let reply = try await send(client, .delete, "/\(session)")
      #expect(reply.status == 200 && reply.text == "{\"ended\":1}")
      for id in [session, "AAAAAAAAAAAAAAAA"] {
        let unknown = try await send(client, .delete, "/\(id)")
        #expect(unknown.status == 404 && unknown["error"] == "not_found")
      }
    }
  }

  static let bad = [
    "?", "?subject=", "?subject", "?client_id=", "?subject=ann&client_id=", "?subject=&client_id=web", "?all=", "?all",
    "?all=false", "?all=1", "?all=TRUE", "?all=true&subject=ann", "?all=true&client_id=web", "?all=true&all=true",
    "?subject=ann&subject=ann", "?subject=ann&subject=bob", "?subject=ann&%73ubject=bob", "?Subject=ann", "?user=ann",
    "?subjects=ann", "?subject=ann&client=web", "?subject=ann&x=", "?=ann", "?subject=%", "?subject=%4", "?subject=%zz",
    "?subject=%ff", "?subject=%C3", "?subject=%00", "?subject=a%0Ab", "?subject=a%7F", "?subject=a%C2%85",
    "?subject=ann&%zz=1", "?sid=AAAAAAAAAAAAAAAA", "?subject=" + String(repeating: "a", count: 513),
    "?client_id=" + String(repeating: "a", count: 257), "?subject=\u{FFFD}",
    "/short", "/AAAAAAAAAAAAAAA%21", "/AAAAAAAAAAAAAAAAA", "/AAAAAAAAAAAAAAA=", "/AAAAAAAAAAAAAAAA?subject=ann",
    "/AAAAAAAAAAAAAAAA?all=true",
  ]

  @Test("is 400, and nothing ends, where the selector is absent, empty, malformed, unknown or doubled", arguments: bad)
  func refuses(rest: String) async throws {
    let fixture = try await fixture()
    try await fixture.run { client async throws in
      let reply = try await send(client, .delete, rest)
      #expect(reply.status == 400 && reply["error"] == "invalid_request", "\(reply.status) \(reply.text)")
      #expect(await fixture.engine.sessionCount(of: .all) == 4)
    }
  }

  @Test(
    "is listed by the same rules: no parameter that is empty, malformed, unknown or doubled",
    arguments: bad.filter { $0 != "?" && !$0.contains("all") } + [
      "?limit=", "?after=", "?limit=1&limit=2", "?all=true",
    ])
  func lists(rest: String) async throws {
    let fixture = try await fixture()
    try await fixture.run { client async throws in
      #expect(try await send(client, .get, rest).status == 400)
      let found = try await send(client, .get, "?subject=John+Smith").members["sessions"] as? [Any]
      #expect(found?.count == 1)
    }
  }
}
