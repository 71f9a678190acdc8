import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenConsole
@testable import TokenHTTP

@Suite("The forms of the console")
struct ConsoleFormTests {
  @Test("do nothing without the token of the stay")
  func withoutToken() async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let first = try await browser.formToken()
      try await browser.signIn()
      for token in ["", "guess", first] {
        let reply = try await browser.post("/sessions/\(pair.session.text)/revoke", ["form_token": token])
        #expect(reply.status == 403 && reply.text.contains("Nothing was done"))
        #expect(try await browser.post("/revoke", ["form_token": token, "subject": "ann"]).status == 403)
        #expect(try await browser.post("/sign-out", ["form_token": token]).status == 403)
      }
      #expect(try await browser.get("").status == 200)
    }
    #expect(try await fixture.server.engine.session(pair.session) != nil)
  }

  @Test(
    "do nothing when another site sent them, log-in included",
    arguments: [
      ("Sec-Fetch-Site", "cross-site", false), ("Sec-Fetch-Site", "same-site", false),
      ("Sec-Fetch-Site", "none", false),
      ("Origin", "https://evil.example", false), ("Origin", "null", false), ("X-Nothing", "", false),
      ("Origin", "http://localhost:81", false), ("Origin", "http://localhost", true),
      ("Sec-Fetch-Site", "same-origin", true),
    ])
  func origin(name: String, value: String, isOwn: Bool) async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    let secret = fixture.linkSecret()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let token = try await browser.formToken()
      let forms: [(String, KeyValuePairs<String, String>)] = [
        ("/sessions/\(pair.session.text)/revoke", ["form_token": token]),
        ("/link", ["secret": secret]), ("/sign-in", ["client_id": "boss", "client_secret": ServerFixture.secret]),
      ]
      for (path, form) in forms {
        #expect(try await browser.post(path, form, origin: (name, value)).status == (isOwn ? 303 : 403))
      }
    }
    #expect((try await fixture.server.engine.session(pair.session) == nil) == isOwn)
  }

  @Test("revoke a session once asked again, and say by whom", arguments: [WireFormat.standard, .romm])
  func revokes(wire: WireFormat) async throws {
    let fixture = try ConsoleFixture(wire: wire, pathPrefix: "/auth", path: "/ops/desk")
    let pair = try await fixture.server.pair()
    let other = try await fixture.server.pair()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let path = "/sessions/\(pair.session.text)"
      let question = try await browser.get("\(path)/revoke")
      #expect(question.status == 200 && question.text.contains("action=\"/auth/ops/desk\(path)/revoke\""))
      #expect(try await fixture.server.engine.session(pair.session) != nil)
      let token = try await browser.formToken()
      let reply = try await browser.post("\(path)/revoke", ["form_token": token])
      #expect(reply.status == 303 && reply.headers[.location] == "/auth/ops/desk\(path)?done=revoked")
      #expect(try await browser.get("\(path)?done=revoked").text.contains("The session was revoked"))
      let again = try await browser.post("\(path)/revoke", ["form_token": token])
      #expect(again.headers[.location]?.hasSuffix("?done=ended") == true)
      #expect(try await browser.get("\(path)/revoke").status == 404)
    }
    #expect(try await fixture.server.engine.session(pair.session) == nil)
    #expect(try await fixture.server.engine.session(other.session) != nil)
    let line = try #require(fixture.lines.first { $0.contains("session revoked") })
    #expect(line.contains("boss") && line.contains(pair.session.text))
  }

  @Test("revoke all sessions of a subject, and no other's")
  func revokesAll() async throws {
    let fixture = try ConsoleFixture()
    let mine = [try await fixture.server.pair(), try await fixture.server.pair()]
    let other = try await fixture.server.engine.openUncheckedSession(
      subject: "bob", client: Client(id: "web", isPublic: false), scopes: [])
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let question = try await browser.get("/revoke?subject=ann")
      #expect(question.status == 200 && question.text.contains("<dd>2</dd>"))
      let reply = try await browser.post("/revoke?subject=ann", ["form_token": try await browser.formToken()])
      let done = "/sessions?subject=ann&done=revoked-all&count="
      #expect(reply.headers[.location] == "/console\(done)2")
      #expect(try await browser.get("\(done)2").text.contains("All sessions of this subject were revoked: 2."))
      let again = try await browser.post("/revoke?subject=ann", ["form_token": try await browser.formToken()])
      #expect(again.headers[.location] == "/console\(done)0")
      #expect(try await browser.get("\(done)0").text.contains("nothing was revoked"))
      #expect(try await browser.get("/sessions?subject=%zz").status == 400)
      #expect(try await browser.get("/sessions?subject=an+n").text.contains("value=\"an n\""))
      let nothing = try await browser.post("/revoke", ["form_token": try await browser.formToken()])
      #expect(nothing.status == 400)
    }
    for pair in mine { #expect(try await fixture.server.engine.session(pair.session) == nil) }
    #expect(try await fixture.server.engine.session(other.session) != nil)
  }

  @Test("revoke the sessions of a subject whose name has a mark that pages do not show")
  func revokesMarked() async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.engine.openUncheckedSession(
      subject: "ann\u{200F}", client: Client(id: "web", isPublic: false), scopes: [])
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let question = try await browser.get("/revoke?subject=ann%E2%80%8F")
      let address = "/revoke?subject=ann%E2%80%8F"
      #expect(question.text.contains("action=\"/console\(address)\"") && question.text.contains("<dd>1</dd>"))
      #expect(try await browser.post(address, ["form_token": try await browser.formToken()]).status == 303)
    }
    #expect(try await fixture.server.engine.session(pair.session) == nil)
  }

  @Test("that are no forms, or too long, are refused and change nothing")
  func malformed() async throws {
    let fixture = try ConsoleFixture()
    let pair = try await fixture.server.pair()
    try await fixture.run { browser async throws in
      try await browser.signIn()
      let token = try await browser.formToken()
      let long = String(repeating: "a", count: 20_000)
      #expect(try await browser.post("/revoke?subject=a", ["form_token": token, "subject": long]).status == 413)
      #expect(try await browser.post("/revoke?subject=a&subject=b", ["form_token": token]).status == 400)
      #expect(try await browser.post("/sessions/short/revoke", ["form_token": token]).status == 400)
    }
    #expect(try await fixture.server.engine.session(pair.session) != nil)
  }
}
