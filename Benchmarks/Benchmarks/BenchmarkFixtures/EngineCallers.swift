import Synchronization
import TokenEngine

/// Callers of an engine, each with sessions of its own.
public final class EngineCallers: Sendable {
  public let engine: RotationEngine
  public static let client = Client(id: "web", isPublic: true)
  public static let scopes: Scopes = ["read", "write"]
  /// The live token of each session.
  private let tokens: Mutex<[String]>

  public init(sessions: Int, of engine: RotationEngine) async throws {
    self.engine = engine
    let openings = (0..<sessions).map {
      OpeningRequest(subject: "subject-\($0)", client: Self.client, scopes: Self.scopes)
    }
    tokens = Mutex(try await engine.openUncheckedSessions(openings).map(\.refreshToken))
  }

  /// Refreshes so many times, by so many callers at a time; each has one session.
  public func refresh(_ count: Int, callers: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          var token = self.tokens.withLock { $0[caller] }
          for _ in 0..<((count + caller) / callers) {
            token = try Self.granted(await self.engine.refresh(token, client: Self.client))
          }
          let last = token
          self.tokens.withLock { $0[caller] = last }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Refreshes the tokens of the first sessions in one call.
  public func refresh(batch: Int) async throws {
    let requests = tokens.withLock { $0.prefix(batch).map { RefreshRequest(token: $0, client: Self.client) } }
    let next = try await engine.refresh(requests).map { try Self.granted($0.get()) }
    tokens.withLock { $0.replaceSubrange(0..<batch, with: next) }
  }

  private static func granted(_ outcome: GrantOutcome) throws -> String {
    guard case .granted(let pair) = outcome else { throw UnexpectedOutcome("a live token was refused: \(outcome)") }
    return pair.refreshToken
  }
}
