/// The lifetimes of a session, both exact to the millisecond.
public struct Lifetimes: Sendable, Hashable {
  /// The longest time for which the live refresh token can stay unused.
  public let idleMilliseconds: Int64
  /// The time after its opening at which the session ends whatever happens.
  public let absoluteMilliseconds: Int64

  /// The longest lifetime, 100 years.
  ///
  /// It keeps every sum of a time and a lifetime far from overflow.
  @inlinable public static var millisecondsMax: Int64 { 100 * 366 * 86_400_000 }

  /// The longest lifetime of an access token, 30 days.
  ///
  /// A revocation is remembered for this long, whatever the lifetimes were when the tokens were issued and are after a
  /// restart.
  @inlinable public static var accessMillisecondsMax: Int64 { 30 * 86_400_000 }

  /// Creates lifetimes, or returns nil unless both are at least one millisecond and at most ``millisecondsMax``.
  public init?(idleMilliseconds: Int64, absoluteMilliseconds: Int64) {
    let allowed = 1...Lifetimes.millisecondsMax
    guard allowed.contains(idleMilliseconds), allowed.contains(absoluteMilliseconds) else { return nil }
    self.idleMilliseconds = idleMilliseconds
    self.absoluteMilliseconds = absoluteMilliseconds
  }

  /// Returns the end of a session by its idle lifetime, which the next refresh moves.
  @inlinable
  public func idleEnd(refreshedAt: Timestamp) -> Timestamp { refreshedAt.advanced(byMilliseconds: idleMilliseconds) }

  /// Returns the end of a session by its absolute lifetime, which no refresh moves.
  @inlinable
  public func absoluteEnd(openedAt: Timestamp) -> Timestamp { openedAt.advanced(byMilliseconds: absoluteMilliseconds) }

  /// Returns the end of a session: the earlier of both ends.
  ///
  /// From this moment on its refresh token is expired.
  @inlinable
  public func end(openedAt: Timestamp, refreshedAt: Timestamp) -> Timestamp {
    min(idleEnd(refreshedAt: refreshedAt), absoluteEnd(openedAt: openedAt))
  }
}

/// The choice whether a refresh consumes the refresh token.
public enum RotationPolicy: UInt8, Sendable, Hashable, CaseIterable {
  /// Each refresh consumes the token and issues its successor (RFC 9700 §4.14.2).
  case always = 0
  /// The token stays the same for the session's whole life, and each refresh moves its idle end. This is for
  /// confidential clients and for sender-constrained tokens (FAPI 2.0 Security Profile §5.3.2.1). Reuse cannot be
  /// detected.
  case never = 1
}

extension RotationPolicy: CustomStringConvertible {
  public var description: String {
    switch self {
    case .always: "always"
    case .never: "never"
    }
  }
}

/// The rules that apply to a session from its opening on.
public struct SessionTerms: Sendable, Hashable {
  public var lifetimes: Lifetimes
  public var rotation: RotationPolicy

  public init(lifetimes: Lifetimes, rotation: RotationPolicy = .always) {
    self.lifetimes = lifetimes
    self.rotation = rotation
  }
}

/// The version of a subject's or client's account under which a session was opened.
///
/// A version changes whenever older sessions must not continue: after a change of password, when the account is
/// disabled, or when it is removed and created again. It is only compared for equality; no clock plays a part. The
/// ledger keeps 8 bytes of it.
public struct AccountVersion: Sendable, Hashable {
  /// The digest of the version's text that the log holds: 64 bits that follow from its bytes (FNV-1a).
  public let digest: UInt64

  /// - Parameter text: Any text, such as a counter or a random text that is drawn at each change. It must not be a
  ///   secret, since the log holds 64 bits of it.
  public init(_ text: String) {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // Digests 0 and 1 have a meaning of their own; see below.
    self.digest = digest < 2 ? digest + 2 : digest
  }

  /// The version of a session that was opened without one, as in a log of format 1.
  ///
  /// The time of its opening is compared with ``RotationRequest/notBefore`` instead.
  @inlinable public static var unknown: AccountVersion { AccountVersion(stored: 0) }
  /// The version of an account that has no versions.
  @inlinable public static var none: AccountVersion { AccountVersion(stored: 1) }

  /// Creates a version from the digest that a log holds.
  @usableFromInline package init(stored: UInt64) { digest = stored }
}
