/// Why a session was revoked.
public enum RevocationCause: UInt8, Sendable, Hashable, CaseIterable {
  /// Somebody who may asked for it.
  case requested = 1
  /// A rotated-out refresh token was presented again.
  case reuse = 2
  /// The log is older than what was served from it: it was restored or repaired, or a token proves it.
  case rollback = 3
  /// Its subject opened another and had as many sessions as it may have.
  case evicted = 4
}
