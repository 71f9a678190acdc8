import Testing
import TokenEngine

@Suite("A log-in of the engine under the bound of failures")
struct LoginBoundTests {
  private let now = ContinuousClock.now
  private let home = PeerAddress(text: "192.0.2.1")

  private func limiter() -> LoginLimiter {
    LoginLimiter(failuresPerMinute: 1, now: { [now] in now })
  }

  /// What comes of a second log-in under another name, after the first ended like this: nil if it is put off.
  private func second(
    after first: @escaping @Sendable () async throws(EngineError) -> GrantOutcome
  ) async throws -> GrantOutcome? {
    let limiter = limiter()
    _ = try? await limiter.logIn(client: "web", address: home, name: "ann", first)
    let answer = try await limiter.logIn(client: "web", address: home, name: "bob") { () async throws(EngineError) in
      .refused(.invalidScope)
    }
    switch answer {
    case .answered(let outcome): return outcome
    case .putOff(let wait):
      #expect(wait == .seconds(60))
      return nil
    }
  }

  @Test("counts wrong credentials")
  func failure() async throws {
    let answer = try await second { () async throws(EngineError) in .refused(.badCredentials) }
    #expect(answer == nil)
  }

  @Test("counts neither tokens, nor a refusal of another kind, nor an error")
  func others() async throws {
    let engine = try RotationEngine.inMemory()
    let pair = try await engine.openUncheckedSession(
      subject: "ann", client: Client(id: "web", isPublic: true), scopes: [])
    let afterTokens = try await second { () async throws(EngineError) in .granted(pair) }
    #expect(afterTokens != nil)
    let afterRefusal = try await second { () async throws(EngineError) in .refused(.subjectDisabled) }
    #expect(afterRefusal != nil)
    let afterError = try await second { () async throws(EngineError) in throw .store(.overloaded) }
    #expect(afterError != nil)
  }

  @Test("throws what the engine throws")
  func error() async throws {
    await #expect(throws: EngineError.self) {
      _ = try await limiter().logIn(client: "web", address: home, name: "ann") { () async throws(EngineError) in
        throw .store(.overloaded)
      }
    }
  }
}
