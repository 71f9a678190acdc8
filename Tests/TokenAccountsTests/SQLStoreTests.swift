import Synchronization
import Testing
import TokenAccounts
import TokenTesting

/// That the snippet is compiled is checked in `DocumentSnippetTests` of the engine's tests.
@Suite("docs/embedding.md")
struct SQLStoreTests {
  @Test("shows a store over SQL that the engine asks at log-in and at each refresh")
  func sqlStore() async throws {
    let database = try OneUserTable()
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(clock: clock, subjects: SQLSubjects(database))
    let web = Client(id: "web", isPublic: true)
    #expect(
      try await engine.logIn(name: "Ann", password: "wrong", client: web) == .refused(.badCredentials))
    guard case .granted(let pair) = try await engine.logIn(name: "Ann", password: "correct horse", client: web) else {
      Issue.record("the right password was refused")
      return
    }
    #expect(try engine.verify(pair.accessToken).subject == "7")
    clock.advance(milliseconds: 1)
    database.user.withLock { $0.text["version"] = "2" }
    #expect(try await engine.refresh(pair.refreshToken, client: web) == .refused(.revoked(generationsBehind: 0)))
    database.user.withLock { $0.number["enabled"] = 0 }
    #expect(try await engine.logIn(name: "Ann", password: "correct horse", client: web) == .refused(.subjectDisabled))
  }
}

private final class OneUserTable: SQLConnection {
  let user: Mutex<SQLRow>

  init() throws {
    let hash = try PasswordHash.make(password: "correct horse").text
    user = Mutex(
      SQLRow(text: ["id": "7", "name": "Ann", "scopes": "read", "password_hash": hash], number: ["enabled": 1]))
  }

  func row(_ statement: String, _ arguments: String...) async throws -> SQLRow? {
    let user = user.withLock { $0 }
    return arguments == [user.text[statement.contains("name = ") ? "name" : "id"]] ? user : nil
  }
}
