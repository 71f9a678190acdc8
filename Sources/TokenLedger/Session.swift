/// How long a session may live, both to the millisecond.
public struct Lifetimes: Sendable, Hashable {
  /// How long the live refresh token may lie unused.
  public let idleMilliseconds: Int64
  /// How long after its opening the session ends whatever happens.
  public let absoluteMilliseconds: Int64

  /// The longest lifetime: 100 years. Keeps every sum of a time and a lifetime far from overflow.
  public static let millisecondsMax: Int64 = 100 * 366 * 86_400_000

  /// The longest lifetime of an access token: 30 days. So long a revocation is remembered, whatever the lifetimes were
  /// when the tokens were minted and are after a restart.
  public static let accessMillisecondsMax: Int64 = 30 * 86_400_000

  /// Nil unless both are at least one millisecond and at most ``millisecondsMax``.
  public init?(idleMilliseconds: Int64, absoluteMilliseconds: Int64) {
    let allowed = 1...Lifetimes.millisecondsMax
    guard allowed.contains(idleMilliseconds), allowed.contains(absoluteMilliseconds) else { return nil }
    self.idleMilliseconds = idleMilliseconds
    self.absoluteMilliseconds = absoluteMilliseconds
  }
}

/// What a new session is to be.
public struct SessionGrant: Sendable, Hashable {
  public var subject: String
  public var client: String
  /// Space-separated scope tokens, opaque to the ledger.
  public var scope: String
  public var lifetimes: Lifetimes

  /// The most UTF-8 bytes in each of subject, client and scope.
  public static let textBytesMax = 1024

  public init(subject: String, client: String, scope: String, lifetimes: Lifetimes) {
    self.subject = subject
    self.client = client
    self.scope = scope
    self.lifetimes = lifetimes
  }
}

/// A session (family) as it stands after a decision.
public struct Session: Sendable, Hashable {
  public var id: SessionID
  /// The generation of the one live refresh token.
  public var generation: UInt32
  public var subject: String
  public var client: String
  /// What was granted when the session was opened.
  public var scope: String
  /// The scope that the live access token was narrowed to (RFC 6749 §6); nil where it has all of ``scope``.
  public var narrowedScope: String?
  public var openedAt: Timestamp
  /// When the session was opened or last rotated: the live token's issue time.
  public var usedAt: Timestamp
  /// The lesser of last use + idle lifetime and opening + absolute lifetime. From this moment on the token is expired.
  public var expiresAt: Timestamp

  /// The `jti` of the live refresh token.
  public var tokenID: TokenID { TokenID(session: id, generation: generation) }
}
