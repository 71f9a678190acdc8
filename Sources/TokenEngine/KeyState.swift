internal import TokenSigning

/// What may be known of a signing key: never its secret.
public struct KeyState: Sendable, Hashable {
  public enum Use: String, Sendable, Hashable {
    case access
    /// Refresh and one-time tokens.
    case refresh
  }

  public enum State: String, Sendable, Hashable {
    /// Accepted and, with public keys, published; signs as soon as it becomes current.
    case next
    case current
    /// Signs no more, and is accepted until it is retired.
    case retiring
  }

  /// The `kid`.
  public var id: String
  public var algorithm: String
  public var use: Use
  public var state: State
  /// When it became retiring, milliseconds since 1970; nil in another state, and where that was not written down.
  public var retiredAtMilliseconds: Int64?

  init(_ key: SigningKey, use: Use) {
    id = key.id
    algorithm = key.algorithm.rawValue
    self.use = use
    retiredAtMilliseconds = key.retiredAt
    state =
      switch key.state {
      case .next: .next
      case .current: .current
      case .retiring: .retiring
      }
  }
}
