import JWTKit

/// The claims of an access token (RFC 9068 §2.2, and the session), as jwt-kit reads and writes them.
struct AccessClaims: JWTPayload, Equatable {
  var iss: String
  var sub: String
  var aud: String
  var clientID: String
  var scope: String
  var iat: Int
  var exp: Int
  var jti: String
  var sid: String

  enum CodingKeys: String, CodingKey {
    case iss, sub, aud, scope, iat, exp, jti, sid
    case clientID = "client_id"
  }

  /// Issuer, audience and time are for the test to compare; here it is the signature that counts.
  func verify(using algorithm: some JWTAlgorithm) throws {}
}
