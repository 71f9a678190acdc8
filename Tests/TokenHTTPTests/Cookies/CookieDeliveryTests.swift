import HTTPTypes
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("A page of the server's origin")
struct CookieDeliveryTests {
  @Test("logs in: the access token is in the reply, the refresh token in the cookie alone")
  func logIn() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let reply = try await page.logIn()
      #expect(reply.status == 200 && reply.headers[.cacheControl] == "no-store")
      #expect(
        Set(reply.members.keys)
          == ["access_token", "token_type", "expires_in", "refresh_expires_in", "scope"])
      let access = try fixture.server.engine.verify(try #require(reply["access_token"]))
      #expect(access.subject == "ann" && access.client == "app" && reply["scope"] == "read")
      let token = try #require(reply.cookieValue)
      #expect(!reply.text.contains(token))
      #expect(
        reply.setCookies == [
          "__Host-refresh-token=\(token); Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict"
        ])
      #expect(try await fixture.server.engine.introspect(token, hint: .refreshToken) != .inactive)
    }
  }

  @Test("asks for less than all")
  func scope() async throws {
    try await CookieFixture().run { page async throws in
      let some = try await page.post("login", form: "username=ann&password=correct+horse&scope=read")
      #expect(some["scope"] == "read")
      let more = try await page.post("login", form: "username=ann&password=correct+horse&scope=admin")
      #expect(more.status == 400 && more["error"] == "invalid_scope" && more.setCookies.isEmpty)
    }
  }

  @Test("is refused with a wrong password as everybody is, and gets no cookie")
  func wrongPassword() async throws {
    try await CookieFixture().run { page async throws in
      let reply = try await page.logIn(password: "guess")
      #expect(reply.status == 400 && reply["error"] == "invalid_grant" && reply.setCookies.isEmpty)
      let none = try await page.post("login", form: "username=ann")
      #expect(none.status == 400 && none["error_description"] == "The parameter password is missing")
    }
  }

  @Test("shares the bound of failed log-ins with the token endpoint")
  func throttled() async throws {
    try await CookieFixture().run(failedLoginsPerMinute: 1) { page async throws in
      let first = try await page.client.token([
        "grant_type": "password", "username": "ann", "password": "guess", "client_id": "app",
      ])
      #expect(first.status == 400)
      let reply = try await page.logIn()
      #expect(reply.status == 429 && reply.headers[.retryAfter] != nil && reply.setCookies.isEmpty)
    }
  }

  @Test("is counted with the grants of the token endpoint")
  func counted() async throws {
    let counted = CountedMetrics()
    let fixture = try CookieFixture(metrics: counted.server)
    try await fixture.run { page async throws in
      let reply = try await page.logIn()
      _ = try await page.refresh(try #require(reply.cookieValue))
      _ = try await page.logIn(password: "guess")
    }
    #expect(
      counted.counts == [
        "sessions_opened_total": 1, "rotations_total": 1, "refusals_total{bad_credentials}": 1,
        "login_failures_total": 1,
      ])
    #expect(counted.recordings(of: .rotateSeconds) == 1)
  }

  @Test("refreshes: the cookie's token is consumed, and the successor is in the new cookie")
  func refresh() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let first = try #require(try await page.logIn().cookieValue)
      let reply = try await page.refresh(first)
      let second = try #require(reply.cookieValue)
      #expect(reply.status == 200 && second != first && !reply.text.contains(second))
      #expect(reply["access_token"] != nil && reply["refresh_token"] == nil)
      fixture.server.clock.advance(milliseconds: 60_000)
      let reused = try await page.refresh(first)
      #expect(reused.status == 400 && reused["error"] == "invalid_grant")
    }
  }

  @Test("in two tabs gets one pair for one token, at the same moment and 5 s later")
  func twoTabs() async throws {
    let fixture = try CookieFixture(grace: .seconds(5))
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      async let one = page.refresh(token)
      async let other = page.refresh(token)
      let (first, second) = (try await one, try await other)
      #expect(first.status == 200 && first.setCookies == second.setCookies)
      #expect(first["access_token"] == second["access_token"])
      fixture.server.clock.advance(milliseconds: 4999)
      #expect(try await page.refresh(token).cookieValue == first.cookieValue)
      fixture.server.clock.advance(milliseconds: 1)
      #expect(try await page.refresh(token).status == 400)
    }
  }

  @Test("keeps its cookie when a refresh is refused, since another tab may have the successor")
  func refusedRefresh() async throws {
    try await CookieFixture().run { page async throws in
      let reply = try await page.refresh("no.token.atall")
      #expect(reply.status == 400 && reply["error"] == "invalid_grant" && reply.setCookies.isEmpty)
    }
  }

  @Test("without a cookie is told to log in")
  func withoutCookie() async throws {
    try await CookieFixture().run { page async throws in
      for cookies in [[], ["other=1"], ["__Host-refresh-token="]] {
        let reply = try await page.post("refresh", cookies: cookies)
        #expect(reply.status == 400 && reply["error"] == "invalid_grant" && reply.setCookies.isEmpty)
      }
    }
  }

  @Test("is refused with two cookies of the name, whatever they hold, and consumes nothing")
  func repeatedCookie() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      let cookie = "__Host-refresh-token=\(token)"
      for cookies in [[cookie, cookie], ["\(cookie); \(cookie)"], ["__Host-refresh-token=x; a=b; \(cookie)"]] {
        let reply = try await page.post("refresh", cookies: cookies)
        #expect(reply.status == 400 && reply["error"] == "invalid_request" && reply.setCookies.isEmpty)
      }
      #expect(try await fixture.server.engine.introspect(token, hint: .refreshToken) != .inactive)
    }
  }

  @Test("reads the standard's errors also where the token endpoint speaks RomM's")
  func besideRomm() async throws {
    try await CookieFixture(wire: .romm).run { page async throws in
      #expect(try await page.logIn().status == 200)
      #expect(try await page.refresh("x")["error"] == "invalid_grant")
    }
  }

  @Test("meets 405 with other methods, and no route where no client is named")
  func methods() async throws {
    try await CookieFixture().run { page async throws in
      let reply = try await page.client.get("/session/refresh")
      #expect(reply.status == 405 && reply.headers[.allow] == "POST")
    }
    try await ServerFixture().run { client async throws in
      #expect(try await client.send(.post, "/session/refresh").status == 404)
    }
  }

  @Test("is answered 503, and keeps its cookie, while the users cannot be read")
  func storeAway() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      fixture.server.subjects.fail(with: .unreadable("away"))
      let reply = try await page.refresh(token)
      #expect(reply.status == 503 && reply.headers[.retryAfter] != nil && reply.setCookies.isEmpty)
    }
  }
}
