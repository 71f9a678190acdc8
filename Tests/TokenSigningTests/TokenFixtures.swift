@testable import TokenSigning

/// Tokens that are good but for what a test changes.
enum TokenFixtures {
  static let issuer = "https://tokens.example"
  static let audience = "https://api.example"
  /// Milliseconds; the tokens are issued at this moment and last 900 seconds.
  static let now: Int64 = 1_700_000_000_000
  static let identifier = TokenIdentifier(sessionHigh: 0x0123_4567_89AB_CDEF, sessionLow: 0xFEDC_BA98, generation: 7)

  static func secret(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

  static func keys(access: UInt8 = 1, refresh: UInt8 = 2) throws -> TokenKeys {
    try TokenKeys(
      access: [SigningKey(secret: secret(access), state: .current)],
      refresh: [SigningKey(secret: secret(refresh), state: .current)])
  }

  static func minter(_ keys: TokenKeys, issuer: String = issuer, audience: String = audience) -> TokenMinter {
    TokenMinter(keys: keys, issuer: issuer, audience: audience)
  }

  static func verifier(_ keys: TokenKeys, issuer: String = issuer, audience: String = audience) -> TokenVerifier {
    TokenVerifier(keys: keys, issuer: issuer, audience: audience)
  }

  static func access(
    subject: String = "alice", clientID: String = "web", scope: String = "me.read me.write",
    expiresAt: Int64 = 1_700_000_900, expiresAtMilliseconds: Int64? = nil, extraMembers: [UInt8] = []
  ) -> AccessClaims {
    AccessClaims(
      subject: subject, clientID: clientID, scope: scope, issuedAt: 1_700_000_000, expiresAt: expiresAt,
      expiresAtMilliseconds: expiresAtMilliseconds, identifier: identifier, extraMembers: extraMembers)
  }

  static func refresh(subject: String = "alice", clientID: String = "web") -> RefreshClaims {
    RefreshClaims(
      subject: subject, clientID: clientID, issuedAt: 1_700_000_000, expiresAt: 1_700_000_900, identifier: identifier)
  }

  /// A token with this header and payload, signed by HS256 whatever they say.
  static func signed(header: String, payload: String, secret: [UInt8]) throws -> String {
    guard let hmac = HMACKey(secret: secret.span) else { throw KeyError(.weak, "too short") }
    let signed = "\(Base64URL.text(of: Array(header.utf8))).\(Base64URL.text(of: Array(payload.utf8)))"
    let code = hmac.code(for: Array(signed.utf8).span)
    return "\(signed).\(Base64URL.text(code.span))"
  }

  /// An access token of ours with these claims, under the key of `keys()`.
  static func accessToken(claims: String) throws -> String {
    let key = try SigningKey(secret: secret(1), state: .current)
    return try signed(
      header: "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"\(key.id)\"}", payload: claims, secret: secret(1))
  }

  /// The claims of `accessToken(claims:)` that pass, with one member replaced (nil: left out).
  static func claims(replacing name: String = "", with value: String? = nil) -> String {
    let members: KeyValuePairs = [
      "iss": "\"\(issuer)\"", "aud": "\"\(audience)\"", "sub": "\"alice\"", "client_id": "\"web\"",
      "scope": "\"me.read\"", "iat": "1700000000", "exp": "1700000900", "exp_ms": "1700000899500",
      "jti": "\"\(identifier.text)\"", "sid": "\"\(identifier.sessionText)\"",
    ]
    let kept = members.compactMap { member in
      guard member.key == name else { return "\"\(member.key)\":\(member.value)" }
      return value.map { "\"\(name)\":\($0)" }
    }
    return "{\(kept.joined(separator: ","))}"
  }

  /// The refusal, or nil when the token was accepted.
  static func refusal(_ verify: () throws(TokenVerificationError) -> Void) -> TokenVerificationError? {
    do {
      try verify()
      return nil
    } catch {
      return error
    }
  }
}
