/// What to do when a token that was already rotated is presented again (RFC 9700 §4.14.2).
public enum ReusePolicy: String, Sendable, Hashable, CaseIterable {
  /// Refuse, and revoke the session in the same durable record: whoever holds the successor must log in again.
  case revokeSession = "revoke-session"
  /// Refuse only, as rommapp/romm does.
  case refuse
}

/// One presentation of a refresh token whose signature, type and issuer have been verified.
public struct RotationRequest: Sendable {
  public var token: TokenID
  /// The authenticated client. Another client's token is refused and neither consumed nor revoked.
  public var client: String
  /// For how long after a rotation its predecessor is answered with the identical pair; 0 for never, at most ``graceMillisecondsMax``.
  public var graceMilliseconds: Int64
  public var reuse: ReusePolicy
  /// The scope that the access token is narrowed to, nil for all that was granted. The caller has checked the subset.
  public var narrowedScope: String?

  public static let graceMillisecondsMax: Int64 = 300_000

  public init(
    token: TokenID, client: String, graceMilliseconds: Int64 = 0, reuse: ReusePolicy = .revokeSession,
    narrowedScope: String? = nil
  ) {
    self.token = token
    self.client = client
    self.graceMilliseconds = min(max(graceMilliseconds, 0), RotationRequest.graceMillisecondsMax)
    self.reuse = reuse
    self.narrowedScope = narrowedScope
  }
}

/// The verdict on a ``RotationRequest``.
public enum Rotation: Sendable, Hashable {
  /// The token was live; it is consumed and the session's next generation is live now.
  case rotated(Session)
  /// The token is the direct predecessor, inside the grace window: the same successor again, nothing changed.
  case replayed(Session)
  case refused(RotationRefusal)
}

/// Why a refresh token was not accepted. The wire never tells these apart; the audit event does.
public enum RotationRefusal: Sendable, Hashable {
  /// No session of that id: never opened, or ended and forgotten.
  case unknown
  case expired
  case revoked
  /// The token was rotated out `generationsBehind` rotations ago (1: the direct predecessor).
  case reused(generationsBehind: UInt32, revokedSession: Bool)
  /// The token is ahead of the log, which was rolled back: restored from a backup, or not synced before a power loss. The
  /// session is revoked, since the token that is live in the log was spent.
  case neverIssued(generationsAhead: UInt32)
  /// The session belongs to another client.
  case wrongClient
}
