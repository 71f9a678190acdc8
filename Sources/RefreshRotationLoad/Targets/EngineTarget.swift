public import TokenEngine

/// The embedded engine itself: verify, rotate, sign the pair; no HTTP.
public struct EngineTarget: RotationTarget {
  private let engine: RotationEngine
  private let client = Client(id: "load", isPublic: true)
  private let scopes: Scopes

  public init(engine: RotationEngine) {
    self.engine = engine
    scopes = ["read", "write"]
  }

  public var name: String { "in-process" }

  public func open() async throws(TargetError) -> IssuedToken {
    do {
      return issued(try await engine.openUncheckedSession(subject: "load", client: client, scopes: scopes))
    } catch {
      throw failure(error)
    }
  }

  public func rotate(_ refreshToken: String) async throws(TargetError) -> RotationReply {
    do {
      switch try await engine.refresh(refreshToken, client: client) {
      case .granted(let pair): return .granted(issued(pair))
      case .refused: return .refused
      }
    } catch {
      throw failure(error)
    }
  }

  private func issued(_ pair: TokenPair) -> IssuedToken {
    IssuedToken(pair.refreshToken, lifetime: .seconds(pair.refreshExpiresInSeconds))
  }

  private func failure(_ failure: EngineError) -> TargetError {
    failure.isTemporary ? .overloaded(retryAfter: nil) : .reply(failure.description)
  }
}
