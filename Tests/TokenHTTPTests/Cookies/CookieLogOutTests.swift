import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("The log-out of a page")
struct CookieLogOutTests {
  private static let cleared = "__Host-refresh-token=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"

  private func logOut(_ page: CookiePage, _ token: String, form: String? = nil) async throws -> Reply {
    try await page.post("logout", form: form, cookies: ["\(CookieFixture.cookie)=\(token)"])
  }

  @Test("ends the session, its access tokens too, and removes the cookie")
  func endsSession() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let reply = try await page.logIn()
      let (access, token) = (try #require(reply["access_token"]), try #require(reply.cookieValue))
      let other = try await page.logIn()
      let out = try await logOut(page, token)
      #expect(out.status == 200 && out.number("ended") == 1 && out.setCookies == [Self.cleared])
      #expect(throws: BadToken.revoked) { try fixture.server.engine.verify(access) }
      #expect(try await page.refresh(token).status == 400)
      #expect(try await page.refresh(try #require(other.cookieValue)).status == 200)
    }
  }

  @Test("removes the cookie also where its token is worth nothing, or where none came")
  func badToken() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      _ = try await logOut(page, token)
      for cookies in [[], ["__Host-refresh-token=x"], ["__Host-refresh-token=\(token)"]] {
        let reply = try await page.post("logout", cookies: cookies)
        #expect(reply.status == 200 && reply.number("ended") == 0 && reply.setCookies == [Self.cleared])
      }
    }
  }

  @Test("ends the sessions of all cookies of the name, and removes those of the paths above")
  func repeatedCookie() async throws {
    let fixture = try CookieFixture(path: "/auth/session")
    let name = "__Secure-refresh-token"
    try await fixture.run(trustsProxy: true) { page async throws in
      let tokens = [try await page.logIn().cookieValue, try await page.logIn().cookieValue].compactMap(\.self)
      #expect(tokens.count == 2)
      let reply = try await page.post("logout", cookies: ["\(name)=\(tokens[0]); \(name)=\(tokens[1])"])
      #expect(reply.status == 200 && reply.number("ended") == 2)
      let cleared = ["/auth/session", "/auth", "/"].map {
        "\(name)=; Path=\($0); Max-Age=0; Secure; HttpOnly; SameSite=Strict"
      }
      #expect(reply.setCookies == cleared)
    }
  }

  @Test("is below the refresh route where the cookie is sent to that alone")
  func belowRefresh() async throws {
    let fixture = try CookieFixture(path: "/session/refresh")
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      #expect(try await page.post("logout").status == 404)
      let reply = try await page.post("refresh/logout", cookies: ["__Secure-refresh-token=\(token)"])
      #expect(reply.status == 200 && reply.number("ended") == 1)
    }
  }

  @Test("ends the session by a consumed token too, which a thief may have rotated")
  func consumedToken() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      let stolen = try #require(try await page.refresh(token).cookieValue)
      #expect(try await logOut(page, token).number("ended") == 1)
      #expect(try await page.refresh(stolen).status == 400)
    }
  }

  @Test(
    "ends all sessions of the subject where the page asks for it, or the server always does", arguments: [true, false])
  func everywhere(always: Bool) async throws {
    let fixture = try CookieFixture(endsEverywhere: always)
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      _ = try await fixture.server.pair()
      let reply = try await logOut(page, token, form: always ? nil : "everywhere=true")
      #expect(reply.number("ended") == 2 && reply.setCookies == [Self.cleared])
      #expect(try await fixture.server.engine.sessions(of: .subject("ann")).sessions.isEmpty)
      // A token of an ended session says no more whose sessions are to end.
      _ = try await fixture.server.pair()
      #expect(try await logOut(page, token, form: "everywhere=true").number("ended") == 0)
      #expect(try await fixture.server.engine.sessions(of: .subject("ann")).sessions.count == 1)
    }
  }

  @Test("ends nothing by a token of another client, and is still done for the browser")
  func otherClient() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let pair = try await fixture.server.pair(client: "web")
      for form in [nil, "everywhere=true"] {
        let reply = try await logOut(page, pair.refreshToken, form: form)
        #expect(reply.number("ended") == 0 && reply.setCookies == [Self.cleared])
      }
      #expect(try await fixture.server.engine.introspect(pair.refreshToken, hint: .refreshToken) != .inactive)
    }
  }

  @Test("asks for no client, and so works while none can be read")
  func clientsAway() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      fixture.server.clients.fail(with: .unreadable("away"))
      #expect(try await logOut(page, token).number("ended") == 1)
    }
  }
}
