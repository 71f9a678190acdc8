internal import TokenSigning

/// What may be known of a signing key: never its secret. ``RotationEngine/keyStates`` lists them.
public struct KeyState: Sendable, Hashable {
  @nonexhaustive
  public enum Use: String, Sendable, Hashable, CaseIterable {
    /// Access tokens.
    case access
    /// Refresh and one-time tokens.
    case refresh
  }

  @nonexhaustive
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

/// What a rotation has made of the keys of one use, by their `kid`s.
public struct RotatedKeys: Sendable, Hashable {
  /// It signs from now on.
  public var current: String
  /// Published, where it is a public key, and accepted; signs after the next rotation.
  public var next: String
  /// It signed until now, and is accepted until it is retired.
  public var retiring: String
}

/// Sees that keys have changed, without reading them.
struct KeyWatch {
  private let source: any KeySource
  /// Of the last look; before the first one the keys count as changed, because they may have since they were read.
  private var seen: KeyStamp?

  init(_ source: some KeySource) {
    self.source = source
  }

  /// Whether they are others than at the look before. Costs two `stat` calls or a lock.
  mutating func hasChanged() -> Bool {
    let found = source.stamp
    defer { seen = found }
    return found != seen
  }

  /// Has the next look see a change.
  mutating func forget() { seen = nil }
}
