/// What is put under load: something that opens sessions and rotates their refresh tokens.
public protocol RotationTarget: Sendable {
  /// What the report calls it.
  var name: String { get }

  /// Logs in and returns the first refresh token of a new session.
  func open() async throws(TargetFailure) -> String

  func rotate(_ refreshToken: String) async throws(TargetFailure) -> RotationReply
}

/// The answer to one presented refresh token.
public enum RotationReply: Sendable, Equatable {
  /// The successor.
  case granted(String)
  case refused
}

/// The target did not answer as a token endpoint does. Says nothing about the presented token.
public enum TargetFailure: Error, Sendable, CustomStringConvertible {
  /// It says that it has too much to do, or that it cannot write (503, 429).
  case overloaded
  /// No connection, a time-out, a status or a body that a token endpoint does not send.
  case failed(String)

  public var description: String {
    switch self {
    case .overloaded: "the server is overloaded or cannot write (503)"
    case .failed(let what): what
    }
  }
}
