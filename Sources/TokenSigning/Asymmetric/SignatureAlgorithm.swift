/// The JWS algorithms that are known here (RFC 7518 §3.1, RFC 8037 §3.1). Spelling counts: everything else, `none` in
/// any case included, is no algorithm.
///
/// With HS256, EdDSA and RS256 the same claims give the same token, byte for byte. An ES256 or PS256 signature has a
/// random part: a retry in the grace window is answered with another text of the same access token (same `jti`, same
/// claims, as good as the first). Refresh tokens are HS256 always, and so the same.
@nonexhaustive
public enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  /// HMAC by one secret that whoever verifies must have too; it is never published.
  case hs256 = "HS256"
  /// ECDSA on P-256. Not deterministic.
  case es256 = "ES256"
  /// Ed25519.
  case edDSA = "EdDSA"
  /// RSASSA-PKCS1-v1_5. Signing costs ten times what ES256 does: for verifiers that know nothing newer.
  case rs256 = "RS256"
  /// RSASSA-PSS. Not deterministic; costs what RS256 does.
  case ps256 = "PS256"
}

/// The kinds of key pairs (RFC 7518 §6, RFC 8037 §2), and the members by which a JWK spells each.
enum KeyKind: Sendable, Hashable, CaseIterable {
  case p256
  case ed25519
  case rsa

  /// The kind of an algorithm's keys; nil for HS256, which has no pair.
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

  /// The `kty`.
  var type: String {
    switch self {
    case .p256: "EC"
    case .ed25519: "OKP"
    case .rsa: "RSA"
    }
  }

  /// The `crv`; RSA has none.
  var curve: String? {
    switch self {
    case .p256: "P-256"
    case .ed25519: "Ed25519"
    case .rsa: nil
    }
  }

  /// The numbers that anybody may know.
  var publicMembers: [String] {
    switch self {
    case .p256: ["x", "y"]
    case .ed25519: ["x"]
    case .rsa: ["n", "e"]
    }
  }

  /// The numbers of the secret half.
  var privateMembers: [String] {
    switch self {
    case .p256, .ed25519: ["d"]
    case .rsa: ["d", "p", "q", "dp", "dq", "qi"]
    }
  }

  /// Both, in the order of `KeyNumbers.values`.
  var members: [String] { publicMembers + privateMembers }
}
