/// What to do when a token that was already rotated is presented again (RFC 9700 §4.14.2).
public enum ReusePolicy: String, Sendable, Hashable, CaseIterable {
  /// Refuse, and revoke the session in the same durable record: whoever holds the successor must log in again.
  case revokeSession = "revoke-session"
  /// Refuse only, as rommapp/romm does.
  case refuse
}

/// What kind of reuse the presentation of a rotated-out token is, as far as the ledger can tell. A log or an alarm may weigh it;
/// the wire never tells.
@nonexhaustive
public enum ReuseClass: UInt8, Sendable, Hashable, CaseIterable {
  /// The direct predecessor inside the grace window, its successor not seen yet: a reply was lost.
  case retry = 1
  /// The direct predecessor within ``raceMilliseconds`` of its rotation, its successor not seen yet: two callers that share one
  /// token.
  case race = 2
  /// The direct predecessor, after its grace window or after its successor's use.
  case lateParent = 3
  /// Two or more generations behind: a copy that somebody kept.
  case staleLineage = 4

  @inlinable public static var raceMilliseconds: Int64 { 1000 }
}

extension ReuseClass: CustomStringConvertible {
  /// The label of metrics and log lines.
  public var description: String {
    switch self {
    case .retry: "retry"
    case .race: "race"
    case .lateParent: "late_parent"
    case .staleLineage: "stale_lineage"
    }
  }
}

/// One presentation of a refresh token whose signature, type and issuer have been verified.
public struct RotationRequest: Sendable {
  public var token: TokenID
  /// The authenticated client. Another client's token is refused and neither consumed nor revoked.
  public var client: String
  /// For how long after a rotation its predecessor is answered with the identical pair; 0 for never, at most ``graceMillisecondsMax``.
  /// The window ends before that with the first use of the successor, as a refresh token or, where this process sees it, as an access token.
  public var graceMilliseconds: Int64
  public var reuse: ReusePolicy
  /// The scope that the access token is narrowed to, nil for all that was granted. The caller has checked the subset.
  public var narrowedScope: String?
  /// The versions of the subject's and the client's account as they are now. A session that was opened under others is
  /// ``RotationRefusal/outdated(generationsBehind:revokedSession:)``; nil asks for no comparison.
  public var subjectVersion: AccountVersion?
  public var clientVersion: AccountVersion?
  /// The same for sessions whose versions are ``AccountVersion/unknown``: those that were opened before this moment are outdated.
  public var notBefore: Timestamp?
  /// Whether an outdated session is revoked. Whoever reads accounts through a cache asks first without, and again once it has read them anew.
  public var revokesOutdated: Bool
  /// What the session is to live by from now on; nil for the terms it was opened with. Never revives one that has expired.
  public var terms: SessionTerms?
  /// How long the access tokens live that are issued with what this refreshes; at most ``Lifetimes/accessMillisecondsMax``. A ledger may forget a
  /// revocation once the last access token that it can concern has ended.
  public var accessMilliseconds: Int64

  @inlinable public static var graceMillisecondsMax: Int64 { 300_000 }

  @inlinable
  public init(
    token: TokenID, client: String, graceMilliseconds: Int64 = 0, reuse: ReusePolicy = .revokeSession,
    narrowedScope: String? = nil, subjectVersion: AccountVersion? = nil, clientVersion: AccountVersion? = nil,
    notBefore: Timestamp? = nil, revokesOutdated: Bool = true, terms: SessionTerms? = nil
  ) {
    self.token = token
    self.client = client
    self.graceMilliseconds = graceMilliseconds
    self.reuse = reuse
    self.narrowedScope = narrowedScope
    self.subjectVersion = subjectVersion
    self.clientVersion = clientVersion
    self.notBefore = notBefore
    self.revokesOutdated = revokesOutdated
    self.terms = terms
    accessMilliseconds = Lifetimes.accessMillisecondsMax
  }

  @inlinable
  public init(
    token: TokenID, client: String, graceMilliseconds: Int64 = 0, reuse: ReusePolicy = .revokeSession,
    narrowedScope: String? = nil, subjectVersion: AccountVersion? = nil, clientVersion: AccountVersion? = nil,
    notBefore: Timestamp? = nil, revokesOutdated: Bool = true, terms: SessionTerms? = nil, accessMilliseconds: Int64
  ) {
    self.init(
      token: token, client: client, graceMilliseconds: graceMilliseconds, reuse: reuse, narrowedScope: narrowedScope,
      subjectVersion: subjectVersion, clientVersion: clientVersion, notBefore: notBefore,
      revokesOutdated: revokesOutdated, terms: terms)
    self.accessMilliseconds = accessMilliseconds
  }
}

/// The verdict on a ``RotationRequest``.
public enum Rotation: Sendable, Hashable {
  /// The token was live; it is consumed and the session's next generation is live now.
  case rotated(Session)
  /// The token is the session's one and stays so (``RotationPolicy/never``).
  case refreshed(Session)
  /// The token is the direct predecessor, inside the grace window: the same successor again.
  case retried(Session, ReuseClass)
  case refused(RotationRefusal)
}

/// Why a refresh token was not accepted. The wire never tells these apart; the audit event does.
@nonexhaustive
public enum RotationRefusal: Sendable, Hashable {
  /// No session of that id: never opened, or ended and forgotten.
  case unknown
  /// `generationsBehind`: how many rotations ago the token was rotated out; 0 for the last one.
  case expired(generationsBehind: UInt32)
  case revoked(generationsBehind: UInt32)
  /// The token was rotated out `generationsBehind` rotations ago (1: the direct predecessor).
  case reused(ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
  /// The token is ahead of the log, which was rolled back: restored from a backup, or not synced before a power loss. The
  /// session is revoked, since the token that is live in the log was spent.
  case neverIssued(generationsAhead: UInt32)
  /// The session was opened under another version of its subject's or client's account.
  case outdated(generationsBehind: UInt32, revokedSession: Bool)
  /// The session belongs to another client.
  case wrongClient
}
