import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenConsole
@testable import TokenHTTP

@Suite("Who may use the console")
struct ConsoleAccessTests {
  private static let pages = ["", "/sessions", "/sessions/AAAAAAAAAAAAAAAA", "/keys", "/log", "/revoke?subject=ann"]

  @Test("nobody where it is not turned on: there is nothing at its paths")
  func off() async throws {
    try await ServerFixture().run { client async throws in
      for path in Self.pages + ["/sign-in", "/console.css", "/live"] {
        #expect(try await client.get("/console\(path)").status == 404)
      }
    }
  }

  @Test("nobody who is not signed in: pages lead to the door, figures and forms are refused", arguments: Self.pages)
  func stranger(page: String) async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    try await fixture.run { browser async throws in
      for cookie in [nil, "refresh-ledger-console=", "refresh-ledger-console=\(String(repeating: "A", count: 43))"] {
        browser.cookie = cookie
        let reply = try await browser.get(page)
        #expect(reply.status == 303 && reply.headers[.location] == "/console/sign-in")
        #expect(!reply.text.contains("ann"))
        #expect(try await browser.get("/live").status == 401)
        #expect(try await browser.post("/revoke", ["subject": "ann", "form_token": ""]).status == 401)
        let revocation = try await browser.post("/sessions/\(pair.session.text)/revoke", ["form_token": ""])
        #expect(revocation.status == 401 && revocation.text.contains("Sign in"))
      }
    }
    #expect(try await fixture.server.engine.session(pair.session) != nil)
  }

  @Test("whoever opens the link, which looking at does not use up, and which works once")
  func link() async throws {
    let fixture = try ConsoleFixture()
    let link = fixture.console.makeLink()
    let path = String(link.dropFirst("/console".count))
    let secret = try #require(link.split(separator: "secret=").last.map(String.init))
    try await fixture.run { browser async throws in
      for method in [HTTPRequest.Method.get, .head, .get] {
        let page = try await browser.get(path, method: method)
        #expect(page.status == 200 && page.headers[.setCookie] == nil)
      }
      let first = try await browser.post("/link", ["secret": secret])
      #expect(first.status == 303 && first.headers[.location] == "/console")
      #expect(try await browser.get("").text.contains("one-time link"))
      browser.cookie = nil
      let second = try await browser.post("/link", ["secret": secret])
      #expect(second.status == 403 && second.headers[.setCookie] == nil)
      #expect(second.text.contains("used already"))
    }
    #expect(!fixture.allLines.contains { $0.contains(secret) })
  }

  @Test("nobody with a link that is ten minutes old, or before a newer one")
  func voidLinks() async throws {
    let fixture = try ConsoleFixture()
    let (first, second) = (fixture.linkSecret(), fixture.linkSecret())
    try await fixture.run { browser async throws in
      #expect(try await browser.post("/link", ["secret": first]).status == 403)
      fixture.stopwatch.advance(.seconds(600))
      #expect(try await browser.post("/link", ["secret": second]).status == 403)
      let third = fixture.linkSecret()
      fixture.stopwatch.advance(.seconds(599))
      #expect(try await browser.post("/link", ["secret": third]).status == 303)
    }
  }

  @Test(
    "an admin client with its secret, and no other client",
    arguments: [
      ("boss", ServerFixture.secret, true), ("boss", "another secret than that", false),
      ("web", ServerFixture.secret, false), ("app", "", false), ("nobody", ServerFixture.secret, false),
    ])
  func client(id: String, secret: String, mayEnter: Bool) async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      let reply = try await browser.signIn(secret: secret, id: id)
      #expect(reply.status == (mayEnter ? 303 : 401))
      #expect((reply.headers[.setCookie] != nil) == mayEnter)
      #expect(try await browser.get("").status == (mayEnter ? 200 : 303))
      if !mayEnter { #expect(reply.text.contains("No admin client has this id and secret")) }
    }
    #expect(fixture.lines.count == (id == "app" ? 0 : 1))
  }

  @Test("nobody past the bound of failed log-ins, not even with the right secret")
  func bounded() async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run(failedLoginsPerMinute: 2) { browser async throws in
      for _ in 0..<2 { #expect(try await browser.signIn(secret: "wrong").status == 401) }
      #expect(try await browser.signIn().status == 429)
    }
  }

  @Test(
    "whoever did something in the last 15 minutes, and signed in within 8 hours; figures that renew themselves do not count"
  )
  func expiry() async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      for _ in 0..<32 {
        fixture.stopwatch.advance(.seconds(15 * 60 - 1))
        #expect(try await browser.get("").status == 200)
      }
      fixture.stopwatch.advance(.seconds(15 * 60 - 1))
      #expect(try await browser.get("").status == 303)
      try await browser.signIn()
      fixture.stopwatch.advance(.seconds(14 * 60))
      #expect(try await browser.get("/live").status == 200)
      fixture.stopwatch.advance(.seconds(60))
      #expect(try await browser.get("/live").status == 401)
      #expect(try await browser.get("").status == 303)
    }
  }

  @Test("no client that was removed, is no admin any more or was added again since", arguments: 0..<3)
  func goneClient(way: Int) async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      #expect(try await browser.get("").status == 200)
      let changed =
        switch way {
        case 0: Client(id: "boss", isPublic: false, isAdmin: false)
        case 1: Client(id: "boss", isPublic: false, isAdmin: true, version: AccountVersion("2"))
        default: Client(id: "boss", isPublic: true)
        }
      fixture.server.clients.set(changed, secret: changed.isPublic ? nil : ServerFixture.secret)
      #expect(try await browser.get("").status == 303)
    }
  }

  @Test("nobody who has signed out")
  func signOut() async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let cookie = browser.cookie
      let reply = try await browser.post("/sign-out", ["form_token": try await browser.formToken()])
      #expect(reply.status == 303 && reply.headers[.setCookie]?.contains("Max-Age=0") == true)
      browser.cookie = cookie
      #expect(try await browser.get("").status == 303)
    }
  }

  @Test("no more than 32 at a time: whoever did nothing for the longest is signed out")
  func crowd() throws {
    let stopwatch = ConsoleFixture.Stopwatch()
    let sessions = ConsoleSessions(now: { stopwatch.now })
    let cookies = (0..<33).map { _ in
      stopwatch.advance(.seconds(1))
      return sessions.open(for: .link)
    }
    #expect(cookies.map { sessions.session($0, isUse: false) != nil } == [false] + Array(repeating: true, count: 32))
  }

  @Test("with a cookie that no script reads and no other site sends; over TLS one that no other host can set")
  func cookies() async throws {
    let fixture = try ConsoleFixture(pathPrefix: "/auth")
    try await fixture.run(trustsProxy: true) { browser async throws in
      let plain = try #require(try await browser.signIn().headers[.setCookie])
      #expect(plain.hasPrefix("refresh-ledger-console="))
      for part in ["HttpOnly", "SameSite=Strict", "Path=/auth/console"] { #expect(plain.contains(part)) }
      #expect(!plain.contains("Secure") && !plain.contains("Domain"))
      var headers = HTTPFields()
      headers[try #require(HTTPField.Name("X-Forwarded-Proto"))] = "http, https"
      let secure = try #require(
        try await browser.post(
          "/sign-in", ["client_id": "boss", "client_secret": ServerFixture.secret], headers
        ).headers[.setCookie])
      #expect(secure.hasPrefix("__Host-refresh-ledger-console="))
      // In an order that is no two times the same.
      let parts = Set(secure.split(separator: ";").map { $0.drop { $0 == " " } })
      for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Secure"] { #expect(parts.contains(Substring(part))) }
    }
  }
}
