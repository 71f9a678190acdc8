public import TokenEngine

/// An engine in this process as a target: it verifies, rotates and signs, without HTTP.
public struct EngineTarget: RotationTarget {
  private let engine: RotationEngine
  private let client = Client(id: "load", isPublic: true)
  private let scopes: Scopes
  private let subject: String

  public let name: String

  /// Creates a target whose sessions belong to the public client `load` and have the scopes `read` and `write`.
  ///
  /// - Parameters:
  ///   - engine: The engine that opens the sessions and rotates their tokens.
  ///   - subject: The subject whose sessions are opened, which is not looked up.
  ///   - name: The name in reports.
  public init(engine: RotationEngine, subject: String = "load", name: String = "in-process") {
    self.engine = engine
    self.subject = subject
    self.name = name
    scopes = ["read", "write"]
  }

  public func open() async throws(TargetError) -> IssuedToken {
    do {
      return issued(try await engine.openUncheckedSession(subject: subject, client: client, scopes: scopes))
    } catch {
      throw failure(error)
    }
  }

  public func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply {
    do {
      switch try await engine.refresh(token.text, client: client) {
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
