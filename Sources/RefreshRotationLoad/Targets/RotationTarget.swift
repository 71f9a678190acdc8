internal import Synchronization

/// What is put under load: something that opens sessions and rotates their refresh tokens.
public protocol RotationTarget: Sendable {
  /// What the report calls it.
  var name: String { get }

  /// Logs in and returns the first refresh token of a new session.
  func open() async throws(TargetError) -> IssuedToken

  func rotate(_ refreshToken: String) async throws(TargetError) -> RotationReply

  /// Presents the token and does not wait for the reply longer than `patience`. What is returned is what the load generator
  /// saw, nil for nothing: the client that it plays does not know it.
  func rotateAndHangUp(_ refreshToken: String, after patience: Duration) async -> RotationReply?
}

extension RotationTarget {
  public func rotateAndHangUp(_ refreshToken: String, after patience: Duration) async -> RotationReply? {
    try? await rotate(refreshToken)
  }
}

/// A refresh token to present.
public struct IssuedToken: Sendable, Equatable {
  public var text: String
  /// As the reply said; nil if it said nothing.
  public var lifetime: Duration?
  /// Where it was written down, for one that no server gave to this load: it may be spent already. Nil for one that was received.
  public var place: String?

  public init(_ text: String, lifetime: Duration? = nil, place: String? = nil) {
    self.text = text
    self.lifetime = lifetime
    self.place = place
  }
}

/// The answer to one presented refresh token.
public enum RotationReply: Sendable, Equatable {
  /// The successor.
  case granted(IssuedToken)
  case refused
}

extension IssuedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "IssuedToken(redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An endpoint whose sessions were opened elsewhere: each starts with a refresh token of a list, and there are no more.
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

  public func rotate(_ refreshToken: String) async throws(TargetError) -> RotationReply {
    try await target.rotate(refreshToken)
  }

  public func rotateAndHangUp(_ refreshToken: String, after patience: Duration) async -> RotationReply? {
    await target.rotateAndHangUp(refreshToken, after: patience)
  }
}
