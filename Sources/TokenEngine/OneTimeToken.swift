public import TokenLedger

/// A token that is consumed once, for one purpose: a password reset, an invitation, an e-mail check.
public struct OneTimeToken: Sendable, Hashable {
  /// What to hand out: URL-safe, under 600 bytes.
  public var text: String
  /// Names it in logs and events; no secret.
  public var id: SessionID
  public var expiresAt: Timestamp
}

/// The answer to the presentation of a one-time token.
public enum OneTimeTokenOutcome: Sendable, Hashable {
  case consumed(subject: String, payload: [UInt8])
  case refused(OneTimeTokenRefusal)
}

/// Why a one-time token was refused. What is told to whoever presented it should not tell these apart.
public enum OneTimeTokenRefusal: Sendable, Hashable {
  case badToken(BadToken)
  case expired
  case alreadyConsumed
  /// It is left as it is.
  case wrongPurpose
  case unknown

  /// All that ``reason`` can be, each once.
  public static let reasons: [String] =
    BadToken.allCases.map(\.rawValue) + ["already_consumed", "wrong_purpose", "unknown"]

  /// A stable label for logs and metrics; one of ``reasons``.
  public var reason: String {
    switch self {
    case .badToken(let fault): fault.rawValue
    case .expired: "expired"
    case .alreadyConsumed: "already_consumed"
    case .wrongPurpose: "wrong_purpose"
    case .unknown: "unknown"
    }
  }
}
