public import TokenEngine

/// The embedded engine itself: verify, rotate, sign the pair; no HTTP.
public struct EngineTarget: RotationTarget {
  private let engine: RotationEngine
  private let client = Client(id: "load", isPublic: true)
  private let scopes: Scopes

  public init(engine: RotationEngine) {
    self.engine = engine
    scopes = Scopes("read write") ?? .none
  }

  public var name: String { "in-process" }

  public func open() async throws(TargetFailure) -> String {
    do {
      return try await engine.openSession(subject: "load", client: client, scopes: scopes).refreshToken
    } catch {
      throw .failed(error.description)
    }
  }

  public func rotate(_ refreshToken: String) async throws(TargetFailure) -> RotationReply {
    do {
      switch try await engine.refresh(refreshToken, client: client) {
      case .granted(let pair): return .granted(pair.refreshToken)
      case .refused: return .refused
      }
    } catch {
      throw error.isTemporary ? .overloaded : .failed(error.description)
    }
  }
}
