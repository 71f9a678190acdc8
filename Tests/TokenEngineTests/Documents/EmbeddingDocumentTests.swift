import Synchronization
import Testing
import TokenEngine
import TokenTesting

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
        "opened by ann on Ann's laptop", "rotated to generation 1", "retried generation 1",
      ])
  }

  @Test("shows a store without passwords, and a batch that is answered one by one")
  func signedInElsewhere() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock(), subjects: Staff(scopes: ["ann": ["orders.read"]]))
    let pair = try #require(try await signedIn("ann", with: engine))
    #expect(pair.scopes == ["orders.read"])
    let app = Client(id: "app", isPublic: true)
    let pairs = try await refreshed([pair.refreshToken, "nonsense"], of: app, with: engine)
    #expect(pairs.map { $0?.session } == [pair.session, nil])
  }

  @Test("shows keys that are rotated and retired, and a backup")
  func keys() async throws {
    let (folder, copy) = (EngineFolder(), EngineFolder())
    let clock = ManualClock()
    let engine = try await RotationEngine.open(folder: folder.path, clock: clock.sessionClock)
    try await rotateKeys(of: engine)
    try await retireKeys(of: engine)
    #expect(engine.keyStates.count { $0.state == .retiring } == 1)
    clock.advance(milliseconds: 15 * 60_000)
    try await retireKeys(of: engine)
    #expect(engine.keyStates.count { $0.state == .retiring } == 0)
    try await backUp(engine, to: copy.path)
    try await engine.close()
  }

  @Test("shows what to answer to an Authorization header")
  func authorization() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let web = Client(id: "web", isPublic: true)
    let reader = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: ["orders.read"])
    let stranger = try await engine.openUncheckedSession(subject: "bob", client: web, scopes: [])
    #expect(subject(of: "bearer \(reader.accessToken)", in: engine).subject == "ann")
    #expect(subject(of: "Bearer \(stranger.accessToken)", in: engine).status == 403)
    #expect(subject(of: "Basic YTpi", in: engine).challenge == "Bearer")
    #expect(subject(of: "Bearer x", in: engine).status == 401)
  }

  @Test("shows claims that come back as a value, and an observer that rings at a reuse")
  func claimsAndObserver() async throws {
    let rung = Mutex<[String]>([])
    let engine = try RotationEngine.inMemory(
      clock: ManualClock(), options: optionsWithTenant(of: ["ann": "acme"]),
      observer: TheftAlarm { text in rung.withLock { $0.append(text) } })
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
    #expect(try tenant(of: pair.accessToken, in: engine) == "acme")
    _ = try await engine.refresh(pair.refreshToken, client: web)
    #expect(rung.withLock { $0 } == [])
    _ = try await engine.refresh(pair.refreshToken, client: web)
    #expect(rung.withLock { $0 } == ["race, 1 behind, session \(pair.session.text) of web, revoked: true"])
  }
}
