import SystemPackage
import Testing
import TokenEngine
import TokenTesting

@Suite("The articles")
struct ArticleSnippetTests {
  @Test("show lifetimes of one client that go before the engine's")
  func lifetimes() async throws {
    let (options, mobile, television) = optionsAndClients()
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(clock: clock, options: options)
    let first = try await engine.openUncheckedSession(subject: "ann", client: mobile, scopes: [])
    let other = try await engine.openUncheckedSession(subject: "ann", client: television, scopes: [])
    let next = try await engine.refresh(first.refreshToken, client: mobile).pair()
    clock.advance(milliseconds: 30_000)
    #expect(try await engine.refresh(first.refreshToken, client: mobile).pair().refreshToken == next.refreshToken)
    clock.advance(milliseconds: 8 * 86_400_000)
    guard case .refused(let refusal) = try await engine.refresh(next.refreshToken, client: mobile) else {
      Issue.record("a token of a week was accepted after 8 days")
      return
    }
    #expect(refusal.reason == "expired")
    _ = try await engine.refresh(other.refreshToken, client: television).pair()
  }

  @Test("show what a start tells of its log")
  func recovery() async throws {
    let folder = EngineFolder()
    try await openAndTell(folder: folder.path) { _ in }.close()
    var said: [String] = []
    let engine = try await openAndTell(folder: folder.path) { said.append($0) }
    #expect(said.count == 1 && said.first?.contains("epoch 2") == true, "\(said)")
    try await engine.close()
  }

  @Test("show a link that works once")
  func oneTime() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let link = try await resetLink(for: "ann", in: engine)
    let token = String(try #require(link.split(separator: "=").last))
    #expect(try await subjectOfReset(token, in: engine) == "ann")
    #expect(try await subjectOfReset(token, in: engine) == nil)
  }
}
