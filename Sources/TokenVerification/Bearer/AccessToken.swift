internal import FoundationEssentials
public import RotationModel
package import TokenSigning

/// An access token that was verified: signature, type, issuer, audience, time, and that neither it nor its session is
/// revoked.
public struct AccessToken: Sendable, Hashable {
  public var subject: String
  public var client: String
  public var scopes: Scopes
  public var tokenID: TokenID
  /// The time of issue in seconds since the epoch.
  public var issuedAt: Int64
  /// The end in seconds since the epoch.
  public var expiresAt: Int64
  /// The thumbprint of the key that the token is bound to, its `cnf.jkt` (RFC 9449 §6.1), or nil if it is a bearer
  /// token.
  public var keyThumbprint: String?
  /// The JSON members beside the standard claims, without braces.
  let customMembers: [UInt8]

  /// Creates a token from verified claims.
  ///
  /// - Throws: ``BadToken/malformed`` if the scope is not one of RFC 6749 §3.3.
  package init(_ claims: AccessClaims) throws(BadToken) {
    guard let scopes = Scopes(claims.scope) else { throw .malformed }
    (subject, client, self.scopes) = (claims.subject, claims.clientID, scopes)
    (tokenID, customMembers) = (TokenID(claims.identifier), claims.extraMembers)
    (issuedAt, expiresAt, keyThumbprint) = (claims.issuedAt, claims.expiresAt, claims.keyThumbprint)
  }
}

extension AccessToken {
  /// Decodes the claims beside the standard ones as a value, and throws the errors of its decoding.
  public func customClaims<Value: Decodable>(as type: Value.Type) throws -> Value {
    let json = [UInt8(ascii: "{")] + customMembers + [UInt8(ascii: "}")]
    return try JSONDecoder().decode(type, from: Data(json))
  }
}

extension TokenID {
  package init(_ identifier: TokenIdentifier) {
    self.init(
      session: SessionID(high: identifier.sessionHigh, low: identifier.sessionLow), generation: identifier.generation)
  }
}

extension TokenIdentifier {
  package init(_ token: TokenID) {
    self.init(sessionHigh: token.session.high, sessionLow: token.session.low, generation: token.generation)
  }
}

/// The fault of a token that does not verify.
@nonexhaustive
public enum BadToken: String, Error, Sendable, Hashable, CaseIterable {
  /// The token does not have three canonical base64url parts, or its claims are not written as ours are.
  case malformed
  case tooLong = "too_long"
  /// The token is a refresh token in place of an access token, or the reverse.
  case wrongType = "wrong_type"
  /// The header of the token is not one of ours: it has another algorithm or another key.
  case unknownKey = "unknown_key"
  case badSignature = "bad_signature"
  case wrongIssuer = "wrong_issuer"
  case wrongAudience = "wrong_audience"
  case expired
  case notYetValid = "not_yet_valid"
  /// The access token is bound to a key, and was presented as a bearer token (RFC 9449 §7.2).
  case boundToKey = "bound_to_key"
  /// The access token is not bound to a key, and was presented with the scheme `DPoP`.
  case notBound = "not_bound"
  /// The access token is bound to a key, and its proof is missing or bad; ``AuthorizationError/badProof(_:)`` tells
  /// why.
  case unproven
  /// The session of the token was revoked.
  case revoked
  /// The token cannot be verified at the moment, although it may be good: recent revocations are unknown here, and all
  /// access tokens are refused until they are known (``LedgerHealth/refusesAccess``, ``AwayPolicy/refuse(after:)``), or
  /// the key is unknown here and the keys cannot be read.
  ///
  /// The same token may be accepted later, or by another instance.
  case unverifiable
}

extension TokenVerificationError {
  package var asBadToken: BadToken {
    switch self {
    case .tooLong: .tooLong
    case .wrongType: .wrongType
    case .unknownKey: .unknownKey
    case .badSignature: .badSignature
    case .wrongIssuer: .wrongIssuer
    case .wrongAudience: .wrongAudience
    case .expired: .expired
    case .notYetValid: .notYetValid
    default: .malformed
    }
  }

  /// True if a key that is unknown here can have signed the token.
  package var mayBeForNewKey: Bool { self == .unknownKey || self == .algorithm }
}
