/// Why a token was refused. For audit, metrics and the command line; the wire tells most of these apart from nothing.
///
/// No case holds any part of the token.
package enum TokenVerificationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Over 4096 bytes.
  case tooLong
  /// Not three parts, not canonical base64url, or a header that is not strict JSON.
  case malformed
  /// A header parameter that must be refused rather than ignored, such as `crit` or `jwk`.
  case header(String)
  /// An algorithm that is not in the allow-list, or that the key is not for.
  case algorithm
  /// A token of another type: a refresh token shown as an access token, for one.
  case wrongType
  /// No key of ours has this key id.
  case unknownKey
  case badSignature
  case wrongIssuer
  case wrongAudience
  /// The signature was good and the end has come.
  case expired
  /// `nbf` or `iat` is still to come.
  case notYetValid
  /// The signature was good, but this claim is missing, of the wrong type or out of range; "claims" for all of them.
  case claims(String)

  /// One stable word for each case.
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

  /// One line for a person.
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
