/// The reason that a token was refused, for audit, metrics and the command line.
///
/// A client is not told most of these reasons. No case holds any part of the token.
package enum TokenVerificationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The token has more than 4096 bytes.
  case tooLong
  /// The token does not have three parts of canonical base64url, or its header is not strict JSON.
  case malformed
  /// The header has a parameter that must be refused rather than ignored, such as `crit` or `jwk`.
  case header(String)
  /// The algorithm is not in the allow-list, or is not one of the key's.
  case algorithm
  /// The token has another type, such as a refresh token presented as an access token.
  case wrongType
  /// No key of ours has this key id.
  case unknownKey
  case badSignature
  case wrongIssuer
  case wrongAudience
  /// The signature is valid, but the token has expired.
  case expired
  /// The `nbf` or `iat` claim is in the future.
  case notYetValid
  /// The signature is valid, but this claim is missing, of the wrong type or out of range; "claims" stands for all of
  /// them.
  case claims(String)

  /// A stable word for each case.
  package var reason: String {
    switch self {
    case .tooLong: "tooLong"
    case .malformed: "malformed"
    case .header: "header"
    case .algorithm: "algorithm"
    case .wrongType: "wrongType"
    case .unknownKey: "unknownKey"
    case .badSignature: "badSignature"
    case .wrongIssuer: "wrongIssuer"
    case .wrongAudience: "wrongAudience"
    case .expired: "expired"
    case .notYetValid: "notYetValid"
    case .claims: "claims"
    }
  }

  /// One line for people.
  package var description: String {
    switch self {
    case .tooLong: "the token is too long"
    case .malformed: "the token is not a compact JWS: three parts of unpadded base64url, the first a JSON header"
    case .header(let name): "the header parameter \(name) is not accepted"
    case .algorithm: "the token's algorithm is not one that the key is for"
    case .wrongType: "the token is of another type"
    case .unknownKey: "no key has the token's key id"
    case .badSignature: "the signature does not match"
    case .wrongIssuer: "the issuer is not the expected one"
    case .wrongAudience: "the audience is not the expected one"
    case .expired: "the token has expired"
    case .notYetValid: "the token is not valid yet"
    case .claims(let name) where name == "claims": "the claims are not a strict JSON object"
    case .claims(let name): "the claim \(name) is missing or not what it must be"
    }
  }
}
