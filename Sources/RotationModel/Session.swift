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
  /// How long the access tokens live that are issued at the opening; at most ``Lifetimes/accessMillisecondsMax``. A ledger may forget a revocation
  /// once the last access token that it can concern has ended.
  public var accessMilliseconds = Lifetimes.accessMillisecondsMax

  /// The most UTF-8 bytes in each of subject, client and scope.
  @inlinable public static var textBytesMax: Int { 1024 }
  @inlinable public static var labelBytesMax: Int { 128 }

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

  public init(
    subject: String, client: String, scope: String, lifetimes: Lifetimes, rotation: RotationPolicy = .always,
    label: String? = nil, subjectVersion: AccountVersion = .unknown, clientVersion: AccountVersion = .unknown,
    accessMilliseconds: Int64
  ) {
    self.init(
      subject: subject, client: client, scope: scope, lifetimes: lifetimes, rotation: rotation, label: label,
      subjectVersion: subjectVersion, clientVersion: clientVersion)
    self.accessMilliseconds = accessMilliseconds
  }
}

/// A session (family) as it stands after a decision.
public struct Session: Sendable, Hashable {
  public var id: SessionID
  /// Of the one live refresh token; with ``RotationPolicy/never`` how often the session was refreshed, which its access tokens
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
  public var refreshedAt: Timestamp
  /// Last use + idle lifetime.
  public var idleEnd: Timestamp
  /// Opening + absolute lifetime; no use moves it.
  public var absoluteEnd: Timestamp
  /// How far the ledger's time, which all of these are, is ahead of the wall clock.
  public var shifts: Shifts

  /// The lesser of both ends. From this moment on the refresh token is expired.
  public var expiresAt: Timestamp { min(idleEnd, absoluteEnd) }

  /// The `jti` of the access token.
  public var tokenID: TokenID { TokenID(session: id, generation: generation) }

  /// The `jti` of the refresh token: the same, but where the token is never rotated its first.
  public var refreshTokenID: TokenID { TokenID(session: id, generation: rotation == .never ? 0 : generation) }
}

extension Session {
  /// The session that the terms make of these times.
  public init(
    id: SessionID, generation: UInt32, subject: String, client: String, scope: String, narrowedScope: String?,
    label: String?, terms: SessionTerms, openedAt: Timestamp, refreshedAt: Timestamp, shifts: Shifts = Shifts()
  ) {
    // By the initializer that the compiler makes: one that assigns each property copies the whole at its end.
    self.init(
      id: id, generation: generation, subject: subject, client: client, scope: scope, narrowedScope: narrowedScope,
      label: label, rotation: terms.rotation, openedAt: openedAt, refreshedAt: refreshedAt,
      idleEnd: terms.lifetimes.idleEnd(refreshedAt: refreshedAt),
      absoluteEnd: terms.lifetimes.absoluteEnd(openedAt: openedAt),
      shifts: shifts)
  }

  /// By how many whole seconds the ledger's time was ahead of the wall clock: nearly always 0 (docs/semantics.md, "Time").
  public struct Shifts: Sendable, Hashable {
    /// At its last use: what its access token carries as `shift`.
    public var atUse: Int64 = 0
    /// By which its opening and its last use are shown.
    public var ofOpening: Int64 = 0
    public var ofUse: Int64 = 0
    /// Now, as far as the ledger knows: by which its ends are shown.
    public var current: Int64 = 0

    @inlinable
    public init(atUse: Int64 = 0, ofOpening: Int64 = 0, ofUse: Int64 = 0, current: Int64 = 0) {
      self.atUse = atUse
      self.ofOpening = ofOpening
      self.ofUse = ofUse
      self.current = current
    }
  }

  /// The same session with its times as the wall clock has them: what is shown to people.
  public var onWallClock: Session {
    var shown = self
    shown.openedAt = openedAt.shifted(back: shifts.ofOpening)
    shown.refreshedAt = refreshedAt.shifted(back: shifts.ofUse)
    shown.idleEnd = idleEnd.shifted(back: shifts.current)
    shown.absoluteEnd = absoluteEnd.shifted(back: shifts.current)
    shown.shifts = Shifts()
    return shown
  }
}
