import Synchronization
import SystemPackage
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import Interceptor
@testable import PlainLibrary

/// That its snippets are compiled is checked in `DocumentSnippetTests`.
@Suite("docs/embedding.md")
struct EmbeddingDocumentTests {
  @Test("shows a library that rotates, replays and reads its events back")
  func plainLibrary() async throws {
    let folder = EngineFolder()
    var printed: [String] = []
    try await LibraryExample.run(folder: folder.path) { printed.append($0) }
    #expect(
      printed == [
        "a retry is answered with the identical pair: true", "the access token is ann's at web",
        "opened by ann on Ann's laptop", "rotated to generation 1", "replayed generation 1",
      ])
  }

  @Test("shows an interceptor that lets only good tokens with the scope through, and carries the caller")
  func interceptor() async throws {
    var printed: [String] = []
    try await InterceptorExample.run { printed.append($0) }
    #expect(
      printed == [
        "ann has 2 orders", #"permissionDenied("scope orders.read is missing")"#, #"unauthenticated("malformed")"#,
        #"unauthenticated("no bearer token")"#,
      ])
    #expect(Caller.current == nil)
  }

  @Test("shows a store over SQL that the engine asks at log-in and at each refresh")
  func sqlStore() async throws {
    let database = OneUserTable()
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(
      clock: clock, subjects: SQLSubjects(database: database, passwords: PlainPasswords()))
    let web = Client(id: "web", isPublic: true)
    #expect(
      try await engine.logIn(name: "Ann", password: "wrong", client: web) == .refused(.badCredentials))
    let pair = try await engine.logIn(name: "Ann", password: "secret", client: web).pair()
    #expect(try engine.verify(pair.accessToken).subject == "7")
    clock.advance(milliseconds: 1)
    database.user.withLock { $0.number["sessions_not_before_ms"] = clock.now.milliseconds }
    #expect(try await engine.refresh(pair.refreshToken, client: web) == .refused(.revoked(generationsBehind: 0)))
    database.user.withLock { $0.number["enabled"] = 0 }
    #expect(try await engine.logIn(name: "Ann", password: "secret", client: web) == .refused(.subjectDisabled))
  }

  @Test("shows claims that come back as a value, and an observer that rings at a reuse")
  func claimsAndObserver() async throws {
    let rung = Mutex<[String]>([])
    let engine = try RotationEngine.inMemory(
      clock: ManualClock(), options: optionsWithTenant(of: ["ann": "acme"]),
      observer: TheftAlarm { text in rung.withLock { $0.append(text) } })
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openSession(subject: "ann", client: web, scopes: .none)
    #expect(try tenant(of: pair.accessToken, in: engine) == "acme")
    _ = try await engine.refresh(pair.refreshToken, client: web)
    #expect(rung.withLock { $0 } == [])
    _ = try await engine.refresh(pair.refreshToken, client: web)
    #expect(rung.withLock { $0 } == ["race, 1 behind, session \(pair.session.text) of web, revoked: true"])
  }

  // docs:testing
  @Test("a session that lies unused for 30 days is over")
  func idleSession() async throws {
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(clock: clock)
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openSession(subject: "ann", client: web, scopes: .none)

    clock.advance(milliseconds: 30 * 86_400_000)

    guard case .refused(let refusal) = try await engine.refresh(pair.refreshToken, client: web) else {
      Issue.record("the token was accepted")
      return
    }
    #expect(refusal.reason == "expired")
  }
  // docs:end
}

private final class OneUserTable: SQLConnection {
  let user = Mutex(
    SQLRow(
      text: ["id": "7", "name": "Ann", "scopes": "read", "password_hash": "secret"], number: ["enabled": 1]))

  func row(_ statement: String, _ arguments: String...) async throws -> SQLRow? {
    let user = user.withLock { $0 }
    return arguments == [user.text[statement.contains("name = ") ? "name" : "id"]] ? user : nil
  }
}

private struct PlainPasswords: PasswordCheck {
  func isPassword(_ password: String, of hash: String?) async throws -> Bool { password == hash }
}
