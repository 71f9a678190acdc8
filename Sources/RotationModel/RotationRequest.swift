/// The action that follows when a consumed token is presented again (RFC 9700 §4.14.2).
public enum ReusePolicy: String, Sendable, Hashable, CaseIterable {
  /// Refuse the token and revoke the session in the same durable record: the holder of the successor must log in again.
  case revokeSession = "revoke-session"
  /// Refuse the token only, as rommapp/romm does.
  case refuse
}

/// The class of a presentation of a consumed token, as far as the ledger can tell.
///
/// A log or an alarm can weigh it; the client is never told.
@nonexhaustive
public enum ReuseClass: UInt8, Sendable, Hashable, CaseIterable {
  /// The direct predecessor inside the grace window, with its successor not yet used: a reply was lost.
  case retry = 1
  /// The direct predecessor within ``raceMilliseconds`` of its rotation, with its successor not yet used: two callers
  /// share one token.
  case race = 2
  /// The direct predecessor after its grace window or after the first use of its successor.
  case lateParent = 3
  /// A token two or more generations behind: somebody kept a copy.
  case staleLineage = 4

  @inlinable public static var raceMilliseconds: Int64 { 1000 }
}

extension ReuseClass: CustomStringConvertible {
  /// The label in metrics and log lines.
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
  /// The authenticated client.
  ///
  /// A token of another client is refused, and neither consumed nor revoked.
  public var client: String
  /// The grace window in milliseconds: the time after a rotation in which the predecessor is answered with the same
  /// pair; 0 for none, at most ``graceMillisecondsMax``.
  ///
  /// The window ends early with the first use of the successor as a refresh token or, if this process sees it, as an
  /// access token.
  public var graceMilliseconds: Int64
  public var reuse: ReusePolicy
  /// The scope that the access token is narrowed to, or nil for the whole granted scope.
  ///
  /// The caller has checked that it is a subset.
  public var narrowedScope: String?
  /// The current version of the subject's account.
  ///
  /// A session that was opened under another version is
  /// ``RotationRefusal/outdated(generationsBehind:revokedSession:)``; nil skips the comparison.
  public var subjectVersion: AccountVersion?
  /// The current version of the client's account, compared as ``subjectVersion`` is.
  public var clientVersion: AccountVersion?
  /// The moment before which a session whose versions are ``AccountVersion/unknown`` is outdated if it was opened
  /// earlier; nil skips the comparison.
  public var notBefore: Timestamp?
  /// True if an outdated session is revoked.
  ///
  /// A caller that reads accounts through a cache first asks with false, then again with true once it has read the
  /// accounts anew.
  public var revokesOutdated: Bool
  /// The terms that apply to the session from now on, or nil for the terms it was opened with.
  ///
  /// They never revive an expired session.
  public var terms: SessionTerms?
  /// The lifetime of the access tokens that are issued with this refresh, at most ``Lifetimes/accessMillisecondsMax``.
  ///
  /// A ledger can forget a revocation once the last access token that it concerns has expired.
  public var accessMilliseconds: Int64
  /// The proof of a key that came with the request, or nil for none.
  ///
  /// It counts once, along with the outcome that it is accepted for; a refused request leaves it uncounted.
  public var proof: KeyProof?

  /// True if the session must be bound to a key for its life, as where a public client has to prove one: the live token
  /// of a session that was opened without a key is refused as ``RotationRefusal/missingKey``.
  public var needsBoundSession: Bool

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
    proof = nil
    needsBoundSession = false
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
  /// The token was live; it is consumed, and the session's next generation is live now.
  case rotated(Session)
  /// The session's only token was accepted and stays live (``RotationPolicy/never``).
  case refreshed(Session)
  /// The token is the direct predecessor inside the grace window; its successor is answered again.
  case retried(Session, ReuseClass)
  case refused(RotationRefusal)
}

/// The reason that a refresh token was not accepted.
///
/// The client is never told which; the audit event is.
@nonexhaustive
public enum RotationRefusal: Sendable, Hashable {
  /// The ledger has no session with that id: it was never opened, or it has ended and was forgotten.
  case unknown
  /// The session has expired. `generationsBehind` is the number of rotations since the token was consumed, 0 for the
  /// latest token.
  case expired(generationsBehind: UInt32)
  case revoked(generationsBehind: UInt32)
  /// The token was consumed `generationsBehind` rotations ago; 1 stands for the direct predecessor.
  case reused(ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
  /// The token is ahead of the log, which was rolled back: restored from a backup, or not synced before a power
  /// failure. The session is revoked, since the token that is live in the log was already consumed.
  case neverIssued(generationsAhead: UInt32)
  /// The session was opened under another version of its subject's or client's account.
  case outdated(generationsBehind: UInt32, revokedSession: Bool)
  /// The session belongs to another client.
  case wrongClient
  /// The proof of the request was accepted before (RFC 9449 §11.1). The token was not looked at.
  case replayedProof
  /// The proof of the request became too old before the ledger could count it. The token was not looked at.
  case lateProof
  /// The session is bound to a key for its life, and the request has no proof, or
  /// ``RotationRequest/needsBoundSession`` and the session is bound to none. Nothing was consumed or revoked.
  case missingKey
  /// The session is bound to another key than that of the request's proof. Nothing was consumed or revoked.
  case otherKey
}
