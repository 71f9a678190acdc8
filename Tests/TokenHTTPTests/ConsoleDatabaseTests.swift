import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenConsole
@testable import TokenHTTP

@Suite("The console of one of several instances")
struct ConsoleDatabaseTests {
  private let clock = ManualClock()
  private let ledger: DictionaryLedger
  private let fixture: ConsoleFixture
  private let engine: RotationEngine

  init() throws {
    ledger = DictionaryLedger(clock: clock, random: SeededGenerator(seed: 7))
    fixture = try ConsoleFixture()
    engine = try RotationEngine(
      ledger: ledger, subjects: fixture.server.subjects, observer: fixture.console.observer, clock: clock.sessionClock)
    ledger.setFeed(age: .milliseconds(43))
  }

  private func run(_ test: @Sendable (ConsoleBrowser) async throws -> Void) async throws {
    try await fixture.run(engine: engine) { browser async throws in
      try await browser.signIn()
      try await test(browser)
    }
  }

  private static let pages = ["", "/sessions", "/sessions?subject=ann&ended=1", "/keys", "/log"]

  @Test("says on each page which ledger it shows, and to nobody who is not signed in")
  func place() async throws {
    let place = "Sessions are in a dictionary of a test. This is one instance of several"
    try await run { browser async throws in
      for path in Self.pages {
        let text = try await browser.get(path).text
        #expect(text.contains(place), "\(path)")
        #expect(!text.contains("log alone"))
      }
      browser.cookie = nil
      #expect(!(try await browser.get("/sign-in").text.contains("dictionary")))
    }
  }

  @Test("of a server on its own says so, too")
  func alone() async throws {
    try await fixture.run { browser async throws in
      try await browser.signIn()
      for path in Self.pages {
        #expect(try await browser.get(path).text.contains("Sessions are in this process alone."), "\(path)")
      }
      #expect(try await browser.get("/log").text.contains("Segments"))
    }
  }

  @Test("shows a database in place of a log: how old its news is, and none of a log's figures")
  func database() async throws {
    try await run { browser async throws in
      for path in ["", "/log"] {
        let text = try await browser.get(path).text
        #expect(text.contains("<span data-figure=\"feed-age\">43.0 ms</span>"), "\(path)")
        #expect(text.contains("<span data-figure=\"away\">–</span>") && text.contains("Ready: changes are accepted"))
        for word in ["disk", "commit", "Commit", "checkpoint", "Segments", "entries in memory", "Durab"] {
          #expect(!text.contains(word), "\(path): \(word)")
        }
      }
      #expect(try await browser.get("").text.contains(">Database</a>"))
      let figures = try #require(try await browser.get("/live").members["figures"] as? [[String: String]])
      let names = Set(figures.compactMap { $0["name"] })
      #expect(names.isSuperset(of: ["feed-age", "away", "outage-total", "unknown-total"]))
      #expect(names.isDisjoint(with: ["staged", "lag", "since-checkpoint", "commit-mean", "segments"]))
    }
  }

  @Test("tells that the database is away and what that means, and of its coming back")
  func away() async throws {
    ledger.fail(.unavailable("no route to it"))
    ledger.setFeed(age: .milliseconds(90_000), isStale: true)
    clock.advance(milliseconds: 90_000)
    fixture.console.observer.engine(observed: .databaseUnavailable("no route to <db1>"))
    fixture.console.observer.engine(observed: .outcomeUnknown("the connection broke"))
    fixture.stopwatch.advance(.seconds(2))
    try await run { browser async throws in
      for path in ["", "/log"] {
        let text = try await browser.get(path).text
        #expect(text.contains("No changes: the database cannot be reached") && text.contains("pill bad"), "\(path)")
        #expect(text.contains("The database has not been reached for 1 min."), "\(path)")
        #expect(text.contains("<span data-figure=\"outage-total\">1</span>"))
        #expect(text.contains("<span data-figure=\"unknown-total\">1</span>"))
      }
      #expect(try await browser.get("").text.contains("The database could not be reached: no route to &lt;db1&gt;"))
      let list = try await browser.get("/sessions")
      #expect(list.status == 503 && list.headers[.retryAfter] == "1")
      #expect(try await browser.get("/keys").status == 200)
      ledger.recover()
      ledger.setFeed(age: .zero)
      #expect(try await browser.get("/sessions").status == 200)
      #expect(try await browser.get("/live").members["ready"] as? Bool == true)
    }
  }

  @Test(
    "tells that the news of the others is too old, and whether access tokens are refused for it",
    arguments: [(false, "what they revoked since is accepted here"), (true, "Access tokens are answered 503")])
  func stale(refusesAccess: Bool, words: String) async throws {
    ledger.setFeed(age: .seconds(6), isStale: true, refusesAccess: refusesAccess)
    try await run { browser async throws in
      let text = try await browser.get("").text
      #expect(text.contains(words) && text.contains("pill bad"))
      #expect(try await browser.get("/live").members["ready"] as? Bool == false)
    }
  }

  @Test("says that it is not known if a session was revoked, and revokes it when asked again")
  func unknownOutcome() async throws {
    let pair = try await engine.openUncheckedSession(
      subject: "ann", client: Client(id: "web", isPublic: false), scopes: [])
    try await run { browser async throws in
      let token = try await browser.formToken()
      let path = "/sessions/\(pair.session.text)/revoke"
      ledger.fail(.outcomeUnknown("the connection broke"), times: 1, afterEffect: true)
      let reply = try await browser.post(path, ["form_token": token])
      #expect(reply.status == 503 && reply.headers[.retryAfter] == "1")
      #expect(reply.text.contains("It is not known if this was done"))
      #expect(try await browser.post(path, ["form_token": token]).headers[.location]?.hasSuffix("done=ended") == true)
    }
  }
}
