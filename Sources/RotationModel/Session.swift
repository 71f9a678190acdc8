/// The terms of a new session.
public struct SessionGrant: Sendable, Hashable {
  /// The subject in Unicode normal form C (NFC), which ``client`` must have too: names are compared byte by byte, and
  /// another form is refused.
  public var subject: String
  public var client: String
  /// The granted scope: space-separated scope tokens, opaque to the ledger.
  public var scope: String
  public var terms: SessionTerms
  /// The name that the subject gives the session, such as that of a device: 1 to ``labelBytesMax`` UTF-8 bytes without
  /// control characters.
  public var label: String?
  /// The version of the subject's account under which the session is opened.
  public var subjectVersion: AccountVersion
  /// The version of the client's account under which the session is opened.
  public var clientVersion: AccountVersion
  /// The lifetime of the access tokens that are issued at the opening, at most ``Lifetimes/accessMillisecondsMax``.
  ///
  /// A ledger can forget a revocation once the last access token that it concerns has expired.
  public var accessMilliseconds = Lifetimes.accessMillisecondsMax
  /// The id of the session, which no entry of the ledger may have, or nil for one that the ledger draws.
  public var id: SessionID?
  /// The keys that the session and its first access token are bound to.
  ///
  /// The caller has counted the proof of them (``ProofLedger/count(_:)``).
  public var keys = SessionKeys()
  /// Bytes of the caller's, at most ``attributesBytesMax``, that stay with the session for its life: such as its
  /// tenant, or how its subject was authenticated.
  ///
  /// The ledger does not look into them, and keeps them readable: no secrets.
  public var attributes: [UInt8] = []

  /// The most UTF-8 bytes in each of subject, client and scope.
  @inlinable public static var textBytesMax: Int { 1024 }
  @inlinable public static var labelBytesMax: Int { 128 }
  /// The most bytes of ``attributes``.
  @inlinable public static var attributesBytesMax: Int { 1024 }

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

/// A session (token family) as it is after a decision.
public struct Session: Sendable, Hashable {
  public var id: SessionID
  /// The generation of the live refresh token.
  ///
  /// With ``RotationPolicy/never`` it is the number of refreshes, which the access tokens carry.
  public var generation: UInt32
  public var subject: String
  public var client: String
  /// The scope that was granted when the session was opened.
  public var scope: String
  /// The scope that the live access token was narrowed to (RFC 6749 §6), or nil if it has all of ``scope``.
  public var narrowedScope: String?
  public var label: String?
  public var rotation: RotationPolicy
  /// The keys that the session and its live access token are bound to.
  public var keys: SessionKeys
  /// The bytes that the session was opened with; see ``SessionGrant/attributes``.
  public var attributes: [UInt8]
  public var openedAt: Timestamp
  /// The time at which the session was opened or last refreshed, which is the issue time of its access token.
  public var refreshedAt: Timestamp
  /// The end of the idle lifetime, counted from the last use.
  public var idleEnd: Timestamp
  /// The end of the absolute lifetime, counted from the opening; no use moves it.
  public var absoluteEnd: Timestamp
  /// The numbers of seconds by which the ledger's time, in which all these times are, is ahead of the wall clock.
  public var shifts: Shifts

  /// The earlier of both ends, from which on the refresh token is expired.
  public var expiresAt: Timestamp { min(idleEnd, absoluteEnd) }

  /// The `jti` of the access token.
  public var tokenID: TokenID { TokenID(session: id, generation: generation) }

  /// The `jti` of the refresh token: that of the access token, or the session's first one if the token is never
  /// rotated.
  public var refreshTokenID: TokenID { TokenID(session: id, generation: rotation == .never ? 0 : generation) }
}

extension Session {
  /// Creates a session whose ends follow from its terms and times.
  public init(
    id: SessionID, generation: UInt32, subject: String, client: String, scope: String, narrowedScope: String?,
    label: String?, terms: SessionTerms, openedAt: Timestamp, refreshedAt: Timestamp, shifts: Shifts = Shifts(),
    keys: SessionKeys = SessionKeys(), attributes: [UInt8] = []
  ) {
    // Delegates to the memberwise initializer: an initializer that assigns each property copies the whole value at its
    // end.
    self.init(
      id: id, generation: generation, subject: subject, client: client, scope: scope, narrowedScope: narrowedScope,
      label: label, rotation: terms.rotation, keys: keys, attributes: attributes, openedAt: openedAt,
      refreshedAt: refreshedAt,
      idleEnd: terms.lifetimes.idleEnd(refreshedAt: refreshedAt),
      absoluteEnd: terms.lifetimes.absoluteEnd(openedAt: openedAt),
      shifts: shifts)
  }

  /// The whole seconds by which the ledger's time was ahead of the wall clock: nearly always 0 (docs/semantics.md,
  /// "Time").
  public struct Shifts: Sendable, Hashable {
    /// The shift at the session's last use, which its access token carries as `shift`.
    public var atUse: Int64 = 0
    /// The shift by which the time of the opening is shown.
    public var ofOpening: Int64 = 0
    /// The shift by which the time of the last use is shown.
    public var ofUse: Int64 = 0
    /// The current shift as far as the ledger knows, by which the ends are shown.
    public var current: Int64 = 0

    @inlinable
    public init(atUse: Int64 = 0, ofOpening: Int64 = 0, ofUse: Int64 = 0, current: Int64 = 0) {
      self.atUse = atUse
      self.ofOpening = ofOpening
      self.ofUse = ofUse
      self.current = current
    }
  }

  /// The session with its times as the wall clock has them, for people.
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
