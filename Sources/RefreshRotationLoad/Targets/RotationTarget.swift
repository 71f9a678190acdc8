internal import Synchronization

/// A target of a load, which opens sessions and rotates their refresh tokens.
public protocol RotationTarget: Sendable {
  /// The name in the report.
  var name: String { get }

  /// Logs in and returns the first refresh token of a new session.
  func open() async throws(TargetError) -> IssuedToken

  func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply

  /// Presents the token and waits for the reply no longer than `patience`.
  ///
  /// The default implementation waits until the reply is there.
  ///
  /// - Parameters:
  ///   - token: The token to present, which can be consumed without a reply.
  ///   - patience: The time after which the client gives up.
  /// - Returns: The reply that the load generator saw, or nil for none. The client that it plays does not know it.
  func rotateAndHangUp(_ token: IssuedToken, after patience: Duration) async -> RotationReply?
}

extension RotationTarget {
  public func rotateAndHangUp(_ token: IssuedToken, after patience: Duration) async -> RotationReply? {
    try? await rotate(token)
  }
}

/// A refresh token to present.
public struct IssuedToken: Sendable, Equatable {
  public var text: String
  /// The lifetime in the reply, or nil if it had none.
  public var lifetime: Duration?
  /// The place of a token that was given in a list, which may be consumed already; nil for one that was received.
  public var place: String?
  /// The key that the session is bound to, or nil if it is bound to none.
  public var key: SessionKey?

  public init(_ text: String, lifetime: Duration? = nil, place: String? = nil, key: SessionKey? = nil) {
    self.key = key
    self.text = text
    self.lifetime = lifetime
    self.place = place
  }
}

/// The answer to one presented refresh token.
public enum RotationReply: Sendable, Equatable {
  /// The token was rotated; the payload is its successor.
  case granted(IssuedToken)
  case refused
}

extension IssuedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "IssuedToken(redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An endpoint whose sessions were opened elsewhere: each starts with a refresh token of a list, and there are no
/// others.
public final class TokenListTarget: RotationTarget {
  private let target: any RotationTarget
  private let tokens: Mutex<[IssuedToken]>

  public init(tokens: [IssuedToken], target: any RotationTarget) {
    self.tokens = Mutex(tokens.reversed())
    self.target = target
  }

  public var name: String { target.name }

  public func open() async throws(TargetError) -> IssuedToken {
    guard let token = tokens.withLock({ $0.popLast() }) else { throw .exhausted }
    return token
  }

  public func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply {
    try await target.rotate(token)
  }

  public func rotateAndHangUp(_ token: IssuedToken, after patience: Duration) async -> RotationReply? {
    await target.rotateAndHangUp(token, after: patience)
  }
}
