internal import Synchronization

/// An endpoint whose sessions were opened elsewhere: each starts with a refresh token of a list, and there are no more.
public final class TokenListTarget: RotationTarget {
  private let target: any RotationTarget
  private let tokens: Mutex<[IssuedToken]>

  public init(tokens: [IssuedToken], target: any RotationTarget) {
    self.tokens = Mutex(tokens.reversed())
    self.target = target
  }

  public var name: String { target.name }

  public func open() async throws(TargetFailure) -> IssuedToken {
    guard let token = tokens.withLock({ $0.popLast() }) else { throw .exhausted }
    return token
  }

  public func rotate(_ refreshToken: String) async throws(TargetFailure) -> RotationReply {
    try await target.rotate(refreshToken)
  }

  public func rotateAndHangUp(_ refreshToken: String, after patience: Duration) async -> RotationReply? {
    await target.rotateAndHangUp(refreshToken, after: patience)
  }
}
