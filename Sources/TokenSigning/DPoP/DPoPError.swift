/// The reason why a proof is refused (RFC 9449 §4.3).
///
/// No case holds anything of the proof, so all of it may be logged.
package enum DPoPError: Error, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  // The form.
  case tooLong
  case malformed
  // The header.
  case header
  case type
  case algorithm
  case extended
  // The key.
  case keyMissing
  case keyPrivate
  case keyType
  case keyCurve
  case keyNumbers
  case keySize
  case keyPurpose
  // The signature.
  case signature
  // The claims.
  case claims
  case identifierMissing
  case identifierLength
  case methodMissing
  case otherMethod
  case targetMissing
  case targetMalformed
  case otherTarget
  case issuedAtMissing
  case tooOld
  case tooNew
  case tokenDigestMissing
  case otherToken
  case nonceMalformed
  case nonceMissing
  case otherNonce

  /// The error code that the client is told (RFC 9449 §5 and §8).
  package var code: String {
    switch self {
    case .nonceMissing, .otherNonce: "use_dpop_nonce"
    default: "invalid_dpop_proof"
    }
  }

  /// One line for a person.
  package var description: String {
    switch self {
    case .tooLong: "the proof is longer than \(TokenFormat.textBytesMax) bytes"
    case .malformed: "the proof is not a compact JWS: three parts of unpadded base64url"
    case .header: "the header is not a strict JSON object"
    case .type: "the type is not dpop+jwt"
    case .algorithm: "the algorithm is none of ES256, EdDSA, RS256 and PS256"
    case .extended: "the header has an extension that changes what is signed"
    case .keyMissing: "the header has no key as an object \"jwk\""
    case .keyPrivate: "the key has a private or secret member: it must be replaced, as it was sent"
    case .keyType: "the key's type is not that of the algorithm"
    case .keyCurve: "the key's curve is not that of the algorithm"
    case .keyNumbers: "the key's numbers are missing, badly written or those of no key"
    case .keySize: "the RSA key is outside of 2048 to 8192 bits"
    case .keyPurpose: "the key says that it is for another purpose or algorithm"
    case .signature: "the signature does not match the key of the proof"
    case .claims: "the claims are not a strict JSON object"
    case .identifierMissing: "the claim jti is missing or not a text"
    case .identifierLength: "the claim jti is empty or longer than 256 bytes"
    case .methodMissing: "the claim htm is missing or not a text"
    case .otherMethod: "the claim htm is not the method of the request"
    case .targetMissing: "the claim htu is missing or not a text"
    case .targetMalformed: "the claim htu is not an absolute http or https URI in a plain spelling"
    case .otherTarget: "the claim htu is not the URI of the request"
    case .issuedAtMissing: "the claim iat is missing or not a whole number of seconds since 1970"
    case .tooOld: "the proof was made too long ago, or the client's clock is behind"
    case .tooNew: "the proof was made in the future: the client's clock is ahead"
    case .tokenDigestMissing: "the claim ath is missing or not a text, though an access token is presented"
    case .otherToken: "the claim ath is not the digest of the access token that is presented"
    case .nonceMalformed: "the claim nonce is not a text"
    case .nonceMissing: "the claim nonce is missing, though this server asks for one"
    case .otherNonce: "the claim nonce is not one of this server's, or no longer"
    }
  }
}
