public import RotationModel

/// A token that is consumed once, for one purpose: a password reset, an invitation, an e-mail check.
///
/// Printing, dumping or interpolating it does not show its text.
public struct OneTimeToken: Sendable, Hashable {
  /// The text to hand out: URL-safe, under 600 bytes.
  public var text: String
  /// The id of the token in logs and events; it is no secret.
  public var id: SessionID
  public var expiresAt: Timestamp
}

extension OneTimeToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The id and the end, without the text.
  public var description: String { "OneTimeToken(id: \(id), expiresAt: \(expiresAt), text redacted)" }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["id": id, "expiresAt": expiresAt]) }
}

/// The answer to the presentation of a one-time token.
///
/// Printing, dumping or interpolating it shows the length of the payload, not the payload.
public enum OneTimeTokenOutcome: Sendable, Hashable {
  case consumed(subject: String, payload: [UInt8])
  case refused(OneTimeTokenRefusal)
}

extension OneTimeTokenOutcome: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    switch self {
    case .consumed(let subject, let payload):
      "consumed(subject: \(subject.debugDescription), payload: \(payload.count) bytes redacted)"
    case .refused(let refusal): "refused(\(refusal.reason))"
    }
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror {
    switch self {
    case .consumed(let subject, let payload):
      Mirror(self, children: ["subject": subject, "payloadBytes": payload.count])
    case .refused(let refusal): Mirror(self, children: ["refused": refusal])
    }
  }
}

/// The reason that a one-time token was refused.
///
/// Whoever presented the token should not be told these apart.
@nonexhaustive
public enum OneTimeTokenRefusal: Sendable, Hashable {
  case badToken(BadToken)
  case expired
  case alreadyConsumed
  /// The purpose is not that of the token, which is not consumed.
  case wrongPurpose
  case unknown

  /// All values of ``reason``, each once.
  public static let reasons: [String] =
    BadToken.allCases.map(\.rawValue) + ["already_consumed", "wrong_purpose", "unknown"]

  /// A stable label for logs and metrics, one of ``reasons``.
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
