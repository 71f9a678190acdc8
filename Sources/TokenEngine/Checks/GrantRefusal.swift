public import RotationModel

/// The fault of a token that does not verify.
@nonexhaustive
public enum BadToken: String, Error, Sendable, Hashable, CaseIterable {
  /// The token does not have three canonical base64url parts, or its claims are not written as ours are.
  case malformed
  case tooLong = "too_long"
  /// The token is a refresh token in place of an access token, or the reverse.
  case wrongType = "wrong_type"
  /// The header of the token is not one of ours: it has another algorithm or another key.
  case unknownKey = "unknown_key"
  case badSignature = "bad_signature"
  case wrongIssuer = "wrong_issuer"
  case wrongAudience = "wrong_audience"
  case expired
  case notYetValid = "not_yet_valid"
  /// The session of the token was revoked.
  case revoked
  /// The token cannot be verified at the moment, although it may be good: recent revocations are unknown here, and the
  /// ledger refuses all access tokens until they are known (``LedgerHealth/refusesAccess``), or the key is unknown here
  /// and the keys cannot be read. The same token may be accepted later, or by another instance.
  case unverifiable
}

/// The reason that a grant was refused. The client is told only ``errorCode``; the observer is told everything.
@nonexhaustive
public enum GrantRefusal: Sendable, Hashable {
  /// The presented refresh token does not verify.
  case badToken(BadToken)
  /// The token verifies, but its session is unknown.
  case unknown
  /// The session has expired. `generationsBehind` is the number of rotations since the token was consumed, 0 for the
  /// latest token; nil if the ledger was not asked or has forgotten the session.
  case expired(generationsBehind: UInt32?)
  case revoked(generationsBehind: UInt32?)
  /// The token was consumed `generationsBehind` rotations ago. The session was revoked with this if the policy says so.
  case reused(ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
  /// The token is ahead of the ledger, whose log was rolled back. The session was revoked with this.
  case neverIssued(generationsAhead: UInt32)
  /// The token was issued to another client.
  case wrongClient
  case subjectGone
  case subjectDisabled
  /// The name or the password is wrong.
  case badCredentials
  /// The scope is malformed or exceeds what can be granted.
  case invalidScope
  /// The client must not use this grant type.
  case unauthorizedClient
  /// The client asks for a token of its own and has the id of a subject.
  case clientNamedAsSubject

  /// The `error` of the reply (RFC 6749 §5.2).
  public var errorCode: String {
    switch self {
    case .invalidScope: "invalid_scope"
    case .unauthorizedClient, .clientNamedAsSubject: "unauthorized_client"
    default: "invalid_grant"
    }
  }

  /// All values of ``reason``, each once.
  public static let reasons: [String] =
    BadToken.allCases.map(\.rawValue) + [
      "unknown", "reused", "never_issued", "wrong_client", "subject_gone", "subject_disabled", "bad_credentials",
      "invalid_scope", "unauthorized_client", "client_named_as_subject",
    ]

  /// A stable label for logs and metrics, one of ``reasons``.
  public var reason: String {
    switch self {
    case .badToken(let fault): fault.rawValue
    case .unknown: "unknown"
    case .expired: "expired"
    case .revoked: "revoked"
    case .reused: "reused"
    case .neverIssued: "never_issued"
    case .wrongClient: "wrong_client"
    case .subjectGone: "subject_gone"
    case .subjectDisabled: "subject_disabled"
    case .badCredentials: "bad_credentials"
    case .invalidScope: "invalid_scope"
    case .unauthorizedClient: "unauthorized_client"
    case .clientNamedAsSubject: "client_named_as_subject"
    }
  }
}
