public import RotationModel

/// The reason that a grant was refused.
///
/// The client is told only ``errorCode``; the observer is told everything.
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
  /// The proof of a key is bad, was used before, or is missing though the server or the client's account asks for one.
  /// The token was not looked at.
  case badProof(BadProof)
  /// The session is bound to a key, and the request proves none.
  case missingKey
  /// The session is bound to another key than the request proves.
  case otherKey

  /// The `error` of the reply (RFC 6749 §5.2).
  public var errorCode: String {
    switch self {
    case .invalidScope: "invalid_scope"
    case .unauthorizedClient, .clientNamedAsSubject: "unauthorized_client"
    case .badProof(let fault): fault.errorCode
    default: "invalid_grant"
    }
  }

  /// All values of ``reason``, each once.
  public static let reasons: [String] =
    BadToken.allCases.map(\.rawValue) + [
      "unknown", "reused", "never_issued", "wrong_client", "subject_gone", "subject_disabled", "bad_credentials",
      "invalid_scope", "unauthorized_client", "client_named_as_subject", "missing_key", "other_key",
    ] + BadProof.Fault.allCases.map(\.rawValue)

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
    case .badProof(let bad): bad.fault.rawValue
    case .missingKey: "missing_key"
    case .otherKey: "other_key"
    }
  }
}
