import Foundation
import HTTPTypes
import HummingbirdTesting
import SystemPackage
import Testing
import TokenEngine
import TokenTesting

@testable import TokenConsole
@testable import TokenHTTP
@testable import TokenLedger

@Suite("The pages of the console")
struct ConsolePageTests {
  private static let markup = #"<script>alert("ann's & co")</script>"#
  private static let shown = "&lt;script&gt;alert(&quot;ann&#39;s &amp; co&quot;)&lt;/script&gt;"

  @Test(
    "allow scripts, styles and forms of the server alone, no frame and no cache",
    arguments: [
      "", "/sessions", "/keys", "/log", "/sign-in", "/link?secret=x", "/sessions/AAAAAAAAAAAAAAAA",
      "/revoke?subject=ann",
    ])
  func headers(path: String) async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let reply = try await browser.get(path)
      #expect(reply.headers[.contentType] == "text/html; charset=utf-8")
      let policy = try #require(reply.headers[.contentSecurityPolicy])
      for directive in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        #expect(policy.contains(directive))
      }
      #expect(!policy.contains("unsafe") && !policy.contains("http"))
      #expect(reply.headers[.cacheControl] == "no-store" && reply.headers[.xContentTypeOptions] == "nosniff")
      #expect(reply.headers[try #require(HTTPField.Name("Referrer-Policy"))] == "same-origin")
      // What such a policy would not run would be of no use.
      for text in ["<style", "style=", "onclick", "javascript:", "//cdn"] { #expect(!reply.text.contains(text)) }
      #expect(reply.text.components(separatedBy: "<script").count == 2)
    }
  }

  @Test("show names that others chose as text, never as markup")
  func escapes() async throws {
    let fixture = try ConsoleFixture()
    let client = Client(id: "<b>web</b>", isPublic: false)
    let pair = try await fixture.server.engine.openUncheckedSession(
      subject: Self.markup, client: client, scopes: [], label: "\"><img src=x>")
    let query = FigureText.escaped(Self.markup)
    try await fixture.run { browser async throws in
      try await browser.signIn()
      for path in [
        "/sessions", "/sessions?subject=\(query)", "/sessions?client=\(query)", "/sessions/\(pair.session.text)",
        "/sessions/\(pair.session.text)/revoke", "/revoke?subject=\(query)", "/link?secret=\(query)",
      ] {
        let text = try await browser.get(path).text
        #expect(text.contains(Self.shown), "\(path)")
        for markup in ["<script>", "<b>", "<img"] { #expect(!text.contains(markup), "\(path)") }
      }
    }
  }

  @Test("show control characters and marks of direction as the replacement character")
  func controls() {
    let page: HTML = "<p title=\"\("\u{202E}a\u{0}b\u{2066}\n")\">\("\u{1B}[31m\u{85}")</p>"
    #expect(page.text == "<p title=\"\u{FFFD}a\u{FFFD}b\u{FFFD}\u{FFFD}\">\u{FFFD}[31m\u{FFFD}</p>")
  }

  @Test("find a subject's sessions, a client's, one by its id, and go on to the next page")
  func search() async throws {
    let fixture = try ConsoleFixture()
    let pairs = [try await fixture.server.pair(), try await fixture.server.pair(client: "app")]
    for _ in 0..<60 {
      _ = try await fixture.server.engine.openUncheckedSession(
        subject: "a b+c", client: Client(id: "web", isPublic: false), scopes: [])
    }
    try await fixture.run { browser async throws in
      try await browser.signIn()
      func count(_ page: Reply) -> Int { page.text.components(separatedBy: "data-label=\"Subject\"").count - 1 }
      let ann = try await browser.get("/sessions?subject=ann&client=")
      #expect(count(ann) == 2)
      for pair in pairs { #expect(ann.text.contains("/console/sessions/\(pair.session.text)\"")) }
      #expect(count(try await browser.get("/sessions?subject=ann&client=app")) == 1)
      #expect(count(try await browser.get("/sessions?client=app")) == 1)
      #expect(count(try await browser.get("/sessions?subject=nobody")) == 0)
      let byID = try await browser.get("/sessions?subject=\(pairs[0].session.text)")
      #expect(byID.text.contains("show the session"))
      let first = try await browser.get("/sessions?subject=a+b%2Bc")
      #expect(count(first) == 50)
      let link = try #require(first.text.split(separator: "href=\"/console").first { $0.contains("after=") })
      let next = String(link.prefix { $0 != "\"" }).replacing("&amp;", with: "&")
      #expect(count(try await browser.get(next)) == 10)
      #expect(try await browser.get("/sessions?subject=ann&after=AAAAAAAAAAAAAAAA.0").status == 400)
    }
  }

  @Test("hold no token, no secret and no digest of one")
  func secrets() async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let cookie = try #require(browser.cookie?.split(separator: "=").last)
      for path in ["", "/sessions", "/sessions/\(pair.session.text)", "/keys", "/log", "/live"] {
        let text = try await browser.get(path).text
        for secret in [pair.accessToken, pair.refreshToken, ServerFixture.secret, String(cookie), "eyJ"] {
          #expect(!text.contains(secret), "\(path)")
        }
      }
    }
  }

  @Test("show each key's state, and whether changes are accepted")
  func keysAndLog() async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let keys = try await browser.get("/keys").text
      for key in fixture.server.engine.keyStates { #expect(keys.contains("<code>\(key.id)</code>")) }
      #expect(keys.contains("HS256") && keys.contains("current"))
      #expect(try await browser.get("/log").text.contains("Ready: changes are accepted"))
    }
  }

  @Test("count what happens: totals, and rates of the last ten seconds")
  func figures() async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    let web = Client(id: "web", isPublic: false)
    guard case .granted = try await fixture.server.engine.refresh(pair.refreshToken, client: web) else {
      Issue.record("the first use was refused")
      return
    }
    _ = try await fixture.server.engine.refresh(pair.refreshToken, client: web)
    fixture.stopwatch.advance(.seconds(10))
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let reply = try await browser.get("/live")
      let figures = try #require(reply.members["figures"] as? [[String: String]])
      func figure(_ name: String) -> String? { figures.first { $0["name"] == name }?["text"] }
      #expect(figure("opened-total") == "1" && figure("rotated-total") == "1" && figure("reused-total") == "1")
      #expect(figure("rotated-rate") == "0.1" && figure("rotated-peak") == "0.2")
      #expect(figure("live-sessions") == "0")
      let overview = try await browser.get("").text
      #expect(overview.contains("<span data-figure=\"rotated-rate\">0.1</span>"))
      #expect(
        overview.contains("/console/sessions/\(pair.session.text)") && overview.contains("which ended its session"))
    }
  }

  @Test("answer HEAD without a body, another method by 405, and files by their version")
  func methods() async throws {
    let fixture = try ConsoleFixture()
    try await fixture.run { browser async throws in
      let head = try await browser.get("/sign-in", method: .head)
      #expect(head.status == 200 && head.text.isEmpty)
      #expect(try await browser.get("/keys", method: .delete).status == 405)
      #expect(try await browser.get("/sign-out").headers[.allow] == "POST")
      for file in ConsoleFile.all {
        let reply = try await browser.get(file.versioned)
        #expect(reply.status == 200 && reply.headers[.cacheControl]?.contains("immutable") == true)
      }
    }
  }

  @Test("tell a session's life from the log, ended or live, and a subject's ended sessions")
  func timeline() async throws {
    let fixture = try ConsoleFixture()
    let folder = FileManager.default.temporaryDirectory.appending(path: "console-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let engine = try await RotationEngine.open(folder: FilePath(folder))
    let web = Client(id: "web", isPublic: false, grace: .seconds(60))
    let first = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [], label: "telephone")
    var pair = first
    for _ in 0..<6 {
      guard case .granted(let next) = try await engine.refresh(pair.refreshToken, client: web) else { continue }
      _ = try await engine.refresh(pair.refreshToken, client: web)
      pair = next
    }
    _ = try await engine.refresh(first.refreshToken, client: web)
    try await fixture.run(engine: engine) { browser async throws in
      try await browser.signIn()
      let page = try await browser.get("/sessions/\(first.session.text)")
      #expect(page.status == 200)
      for text in [
        "Ended", "telephone", "Opened", "Rotated to generation 1", "Pair repeated",
        "Reused: a used refresh token came again",
        "6 behind", "The session was revoked with it",
      ] { #expect(page.text.contains(text), "\(text)") }
      #expect(!page.text.contains("Revoke this session"))
      #expect(!(try await browser.get("/sessions?subject=ann").text.contains(first.session.text)))
      let ended = try await browser.get("/sessions?subject=ann&ended=1")
      #expect(ended.text.contains(first.session.text) && ended.text.contains("Revoked: a used token came again"))
      #expect(try await browser.get("/sessions/AAAAAAAAAAAAAAAA").status == 404)
    }
    try await engine.close()
  }

  @Test("fold a run of refreshes into one item, each to be unfolded")
  func folds() {
    func event(_ generation: UInt32) -> AuditEvent {
      let token = TokenID(session: SessionID(high: 1, low: 2), generation: generation)
      return AuditEvent(
        sequence: UInt64(generation), time: .zero, fact: .rotated(token, subject: "ann", client: "web"))
    }
    let text = TimelineText(store: StoreText(.embedded))
    let run = text.items(of: SessionHistory(events: (1...5).map { event($0) }))
    #expect(run.count == 1 && run[0].text.contains("Refreshed 5 times in a row"))
    #expect(run[0].text.contains("Rotated to generation 5"))
    #expect(text.items(of: SessionHistory(events: (1...3).map { event($0) })).count == 3)
    let cut = text.items(of: SessionHistory(events: (1...3).map { event($0) }, omittedCount: 7))
    #expect(cut.count == 4 && cut[1].text.contains("7 events are not shown"))
  }
}
