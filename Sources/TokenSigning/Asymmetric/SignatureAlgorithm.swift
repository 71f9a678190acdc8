/// The JWS algorithms that are supported (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// Names are case-sensitive; every other text, including `none` in any case, is no algorithm.
///
/// With HS256, EdDSA and RS256 the same claims give the same token, byte for byte. ES256 and PS256 signatures have a
/// random part: a retry in the grace window is then answered with another text of the same access token, with the same
/// `jti` and claims and equally valid. Refresh tokens always use HS256, so a retry returns the same text.
@nonexhaustive
public enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  /// HMAC with one secret, which every verifier must have too and which is never published.
  case hs256 = "HS256"
  /// ECDSA on P-256, which is not deterministic.
  case es256 = "ES256"
  /// Ed25519.
  case edDSA = "EdDSA"
  /// RSASSA-PKCS1-v1_5, for verifiers that know nothing newer.
  ///
  /// Signing costs ten times as much as with ES256.
  case rs256 = "RS256"
  /// RSASSA-PSS, which is not deterministic and costs as much as RS256.
  case ps256 = "PS256"
}

/// The kinds of key pairs (RFC 7518 §6, RFC 8037 §2), with the members of a JWK for each.
enum KeyKind: Sendable, Hashable, CaseIterable {
  case p256
  case ed25519
  case rsa

  /// Creates the kind of an algorithm's keys, or returns nil for HS256, which has no key pair.
  init?(_ algorithm: SignatureAlgorithm) {
    switch algorithm {
    case .hs256: return nil
    case .es256: self = .p256
    case .edDSA: self = .ed25519
    case .rs256, .ps256: self = .rsa
    }
  }

  /// The algorithm of a key that does not name one.
  var usualAlgorithm: SignatureAlgorithm {
    switch self {
    case .p256: .es256
    case .ed25519: .edDSA
    case .rsa: .rs256
    }
  }

  /// The `kty` of the JWK.
  var type: String {
    switch self {
    case .p256: "EC"
    case .ed25519: "OKP"
    case .rsa: "RSA"
    }
  }

  /// The `crv` of the JWK, or nil for RSA.
  var curve: String? {
    switch self {
    case .p256: "P-256"
    case .ed25519: "Ed25519"
    case .rsa: nil
    }
  }

  /// The members with the public numbers.
  var publicMembers: [String] {
    switch self {
    case .p256: ["x", "y"]
    case .ed25519: ["x"]
    case .rsa: ["n", "e"]
    }
  }

  /// The members with the numbers of the secret half.
  var privateMembers: [String] {
    switch self {
    case .p256, .ed25519: ["d"]
    case .rsa: ["d", "p", "q", "dp", "dq", "qi"]
    }
  }

  /// The public and the private members, in the order of `KeyNumbers.values`.
  var members: [String] { publicMembers + privateMembers }
}
