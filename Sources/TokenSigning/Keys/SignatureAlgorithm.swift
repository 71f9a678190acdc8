/// The JWS algorithms that are known here (RFC 7518 §3.1, RFC 8037 §3.1). Spelling counts: everything else, `none` in
/// any case included, is no algorithm.
package enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  case hs256 = "HS256"
  case es256 = "ES256"
  case edDSA = "EdDSA"
  case rs256 = "RS256"
  case ps256 = "PS256"
}
