/// How long a session may live, both to the millisecond.
public struct Lifetimes: Sendable, Hashable {
  /// How long the live refresh token may lie unused.
  public let idleMilliseconds: Int64
  /// How long after its opening the session ends whatever happens.
  public let absoluteMilliseconds: Int64

  /// The longest lifetime: 100 years. Keeps every sum of a time and a lifetime far from overflow.
  @inlinable public static var millisecondsMax: Int64 { 100 * 366 * 86_400_000 }

  /// The longest lifetime of an access token: 30 days. So long a revocation is remembered, whatever the lifetimes were
  /// when the tokens were minted and are after a restart.
  @inlinable public static var accessMillisecondsMax: Int64 { 30 * 86_400_000 }

  /// Nil unless both are at least one millisecond and at most ``millisecondsMax``.
  public init?(idleMilliseconds: Int64, absoluteMilliseconds: Int64) {
    let allowed = 1...Lifetimes.millisecondsMax
    guard allowed.contains(idleMilliseconds), allowed.contains(absoluteMilliseconds) else { return nil }
    self.idleMilliseconds = idleMilliseconds
    self.absoluteMilliseconds = absoluteMilliseconds
  }

  /// When a session that was last refreshed then ends, unless it is refreshed again.
  @inlinable
  public func idleEnd(refreshedAt: Timestamp) -> Timestamp { refreshedAt.advanced(byMilliseconds: idleMilliseconds) }

  /// When a session that was opened then ends, whatever happens. No refresh moves it.
  @inlinable
  public func absoluteEnd(openedAt: Timestamp) -> Timestamp { openedAt.advanced(byMilliseconds: absoluteMilliseconds) }

  /// When a session ends: the lesser of both ends. From this moment on its refresh token is expired.
  @inlinable
  public func end(openedAt: Timestamp, refreshedAt: Timestamp) -> Timestamp {
    min(idleEnd(refreshedAt: refreshedAt), absoluteEnd(openedAt: openedAt))
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

extension RotationPolicy: CustomStringConvertible {
  public var description: String {
    switch self {
    case .always: "always"
    case .never: "never"
    }
  }
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

/// Under which version of its subject's or client's account a session was opened.
///
/// A version changes whenever sessions that were opened before must not go on: another password, a disabled account, one that was removed and
/// made again. It is compared and nothing else; no clock plays a part in it. The ledger keeps 8 bytes of it.
public struct AccountVersion: Sendable, Hashable {
  /// What the log holds of the version's text: 64 bits that follow from its bytes (FNV-1a).
  public let digest: UInt64

  /// - Parameter text: any, such as a counter or a random text that is drawn at each change. No secret: 64 bits of it stand in the log.
  public init(_ text: String) {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // Below are those that mean something else.
    self.digest = digest < 2 ? digest + 2 : digest
  }

  /// Of a session that was opened without a word about it, as in a log of format 1: its opening is compared with ``RotationRequest/notBefore``.
  @inlinable public static var unknown: AccountVersion { AccountVersion(stored: 0) }
  /// Of an account that has no versions.
  @inlinable public static var none: AccountVersion { AccountVersion(stored: 1) }

  /// As a log holds it.
  @usableFromInline package init(stored: UInt64) { digest = stored }
}
