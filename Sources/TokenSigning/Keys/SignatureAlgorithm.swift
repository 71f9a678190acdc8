/// The JWS algorithms that are known here (RFC 7518 §3.1, RFC 8037 §3.1). Spelling counts: everything else, `none` in
/// any case included, is no algorithm.
///
/// With HS256, EdDSA and RS256 the same claims give the same token, byte for byte. An ES256 or PS256 signature has a
/// random part: a retry in the grace window is answered with another text of the same access token (same `jti`, same
/// claims, as good as the first). Refresh tokens are HS256 always, and so the same.
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
