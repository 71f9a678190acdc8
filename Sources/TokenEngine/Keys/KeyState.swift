internal import TokenSigning

/// The public facts of a signing key, never its secret.
///
/// ``RotationEngine/keyStates`` lists them.
public struct KeyState: Sendable, Hashable {
  @nonexhaustive
  public enum Use: String, Sendable, Hashable, CaseIterable {
    /// The key signs access tokens.
    case access
    /// The key signs refresh and one-time tokens.
    case refresh
  }

  @nonexhaustive
  public enum State: String, Sendable, Hashable {
    /// The key is accepted and, if it is a public key, published; it signs once it becomes current.
    case next
    case current
    /// The key no longer signs, and is accepted until it is retired.
    case retiring
  }

  /// The `kid` of the key.
  public var id: String
  public var algorithm: String
  public var use: Use
  public var state: State
  /// The time at which the key became retiring, in milliseconds since 1970; nil in another state, or if it was not
  /// recorded.
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

/// The `kid`s of the keys of one use after a rotation.
public struct RotatedKeys: Sendable, Hashable {
  /// The key that signs from now on.
  public var current: String
  /// The key that signs after the next rotation.
  ///
  /// It is accepted and, if it is a public key, published.
  public var next: String
  /// The key that signed until now, which is accepted until it is retired.
  public var retiring: String
}

/// A watch that notices changed keys without reading them.
struct KeyWatch {
  private let source: any KeySource
  /// The stamp at the last check.
  ///
  /// At the first check the keys count as changed, since they may have changed after they were read.
  private var seen: KeyStamp?

  init(_ source: some KeySource) {
    self.source = source
  }

  /// Checks whether the keys have changed since the last check, at the cost of two `stat` calls or a lock.
  mutating func hasChanged() -> Bool {
    let found = source.stamp
    defer { seen = found }
    return found != seen
  }

  /// Makes the next check report a change.
  mutating func forget() { seen = nil }
}
