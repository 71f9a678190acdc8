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

/// Whether a refresh consumes the refresh token.
public enum RotationPolicy: UInt8, Sendable, Hashable, CaseIterable {
  /// Each refresh consumes the token and issues its successor (RFC 9700 §4.14.2).
  case always = 0
  /// The token stays for the session's whole life; each refresh moves its idle end. For confidential clients and for tokens
  /// that are bound to their sender (FAPI 2.0 Security Profile §5.3.2.1). Reuse cannot be told.
  case never = 1
}

/// The rules that a session lives by from its opening on.
public struct SessionTerms: Sendable, Hashable {
  public var lifetimes: Lifetimes
  public var rotation: RotationPolicy

  public init(lifetimes: Lifetimes, rotation: RotationPolicy = .always) {
    self.lifetimes = lifetimes
    self.rotation = rotation
  }
}

/// What a new session is to be.
public struct SessionGrant: Sendable, Hashable {
  /// In Unicode normal form C (NFC), as ``client`` must be: names are compared byte by byte, and another form is refused.
  public var subject: String
  public var client: String
  /// Space-separated scope tokens, opaque to the ledger.
  public var scope: String
  public var terms: SessionTerms
  /// What the subject calls the session, a device's name say: 1 to ``labelBytesMax`` UTF-8 bytes without control characters.
  public var label: String?
  /// Under which versions of its subject's and its client's account the session is opened.
  public var subjectVersion: AccountVersion
  public var clientVersion: AccountVersion

  /// The most UTF-8 bytes in each of subject, client and scope.
  public static let textBytesMax = 1024
  public static let labelBytesMax = 128

  public init(
    subject: String, client: String, scope: String, lifetimes: Lifetimes, rotation: RotationPolicy = .always,
    label: String? = nil, subjectVersion: AccountVersion = .unknown, clientVersion: AccountVersion = .unknown
  ) {
    self.subject = subject
    self.client = client
    self.scope = scope
    terms = SessionTerms(lifetimes: lifetimes, rotation: rotation)
    self.label = label
    self.subjectVersion = subjectVersion
    self.clientVersion = clientVersion
  }
}

/// A session (family) as it stands after a decision.
public struct Session: Sendable, Hashable {
  public var id: SessionID
  /// Of the one live refresh token; with ``RotationPolicy/never`` how often the session was used, which its access tokens
  /// carry.
  public var generation: UInt32
  public var subject: String
  public var client: String
  /// What was granted when the session was opened.
  public var scope: String
  /// The scope that the live access token was narrowed to (RFC 6749 §6); nil where it has all of ``scope``.
  public var narrowedScope: String?
  public var label: String?
  public var rotation: RotationPolicy
  public var openedAt: Timestamp
  /// When the session was opened or last refreshed: the issue time of its access token.
  public var usedAt: Timestamp
  /// Last use + idle lifetime.
  public var idleEnd: Timestamp
  /// Opening + absolute lifetime; no use moves it.
  public var absoluteEnd: Timestamp
  /// How far the ledger's time, which all of these are, is ahead of the wall clock.
  public var shifts = Shifts()

  /// The lesser of both ends. From this moment on the refresh token is expired.
  public var expiresAt: Timestamp { min(idleEnd, absoluteEnd) }

  /// The `jti` of the access token.
  public var tokenID: TokenID { TokenID(session: id, generation: generation) }

  /// The `jti` of the refresh token: the same, but where the token is never rotated its first.
  public var refreshTokenID: TokenID { TokenID(session: id, generation: rotation == .never ? 0 : generation) }
}

extension Session {
  /// By how many whole seconds the ledger's time was ahead of the wall clock: nearly always 0 (docs/semantics.md, "Time").
  public struct Shifts: Sendable, Hashable {
    /// At its last use: what its access token carries as `shift`.
    public var atUse: Int64 = 0
    /// By which its opening and its last use are shown.
    public var ofOpening: Int64 = 0
    public var ofUse: Int64 = 0
    /// Now, as far as the ledger knows: by which its ends are shown.
    public var current: Int64 = 0
  }

  /// The same session with its times as the wall clock has them: what is shown to people.
  public var onWallClock: Session {
    var shown = self
    shown.openedAt = openedAt.advanced(byMilliseconds: -1000 * shifts.ofOpening)
    shown.usedAt = usedAt.advanced(byMilliseconds: -1000 * shifts.ofUse)
    shown.idleEnd = idleEnd.advanced(byMilliseconds: -1000 * shifts.current)
    shown.absoluteEnd = absoluteEnd.advanced(byMilliseconds: -1000 * shifts.current)
    shown.shifts = Shifts()
    return shown
  }
}
