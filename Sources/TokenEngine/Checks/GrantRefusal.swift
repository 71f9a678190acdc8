public import RotationModel

/// What is wrong with a token that does not verify.
@nonexhaustive
public enum BadToken: String, Error, Sendable, Hashable, CaseIterable {
  /// Not three canonical base64url parts, or claims that are not as we write them.
  case malformed
  case tooLong = "too_long"
  /// A refresh token where an access token is due, or the other way round.
  case wrongType = "wrong_type"
  /// Its header is none of ours: another algorithm, another key.
  case unknownKey = "unknown_key"
  case badSignature = "bad_signature"
  case wrongIssuer = "wrong_issuer"
  case wrongAudience = "wrong_audience"
  case expired
  case notYetValid = "not_yet_valid"
  /// Its session was revoked.
  case revoked
  /// Nothing may be wrong with it: what was revoked of late is not known here, and the ledger refuses all access tokens until it is
  /// (``LedgerHealth/refusesAccess``), or its key is not known here and the keys cannot be read. The same token may be accepted later, or by
  /// another instance.
  case unverifiable
}

/// Why a grant was refused. The wire tells only ``errorCode``; the observer is told all.
@nonexhaustive
public enum GrantRefusal: Sendable, Hashable {
  /// The presented refresh token does not verify.
  case badToken(BadToken)
  /// Verified, but no session of that id is known.
  case unknown
  /// `generationsBehind`: how many rotations ago the token was rotated out, 0 for the last one; nil where the ledger was not asked or
  /// has forgotten the session.
  case expired(generationsBehind: UInt32?)
  case revoked(generationsBehind: UInt32?)
  /// Rotated out `generationsBehind` rotations ago; the session was revoked with this if the policy says so.
  case reused(ReuseClass, generationsBehind: UInt32, revokedSession: Bool)
  /// Ahead of the ledger, whose log was rolled back; the session was revoked with this.
  case neverIssued(generationsAhead: UInt32)
  /// Issued to another client.
  case wrongClient
  case subjectGone
  case subjectDisabled
  /// Name or password is wrong.
  case badCredentials
  /// The scope is malformed or more than may be granted.
  case invalidScope
  /// The client may not use this grant type.
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

  /// All that ``reason`` can be, each once.
  public static let reasons: [String] =
    BadToken.allCases.map(\.rawValue) + [
      "unknown", "reused", "never_issued", "wrong_client", "subject_gone", "subject_disabled", "bad_credentials",
      "invalid_scope", "unauthorized_client", "client_named_as_subject",
    ]

  /// A stable label for logs and metrics; one of ``reasons``.
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
