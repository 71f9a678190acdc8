internal import Platform

/// The rules for the claims of an issuer's access tokens (RFC 9068 §4), for the issuer's own process and for others.
package struct AccessClaimRules: Sendable {
  private let issuer: String
  private let audience: String
  /// The audience of a token that names none: the issuer, if that is the audience.
  ///
  /// Releases in which no audience was configured issued such tokens.
  private let audienceOfNone: String
  /// The members with which the claims of our minter begin.
  private let members: [UInt8]

  /// - Parameters:
  ///   - issuer: The issuer that access tokens must name.
  ///   - audience: The audience that access tokens must name. If it is empty, they must name none; if it is the issuer,
  ///     they can also name none.
  package init(issuer: String, audience: String) {
    self.issuer = issuer
    self.audience = audience
    audienceOfNone = audience.hasSameBytes(as: issuer) ? audience : ""
    members = Array(TokenTemplate.accessMembers(issuer: issuer, audience: audience).utf8)
  }

  /// Returns the claims of a payload whose signature is valid.
  ///
  /// The time is the caller's to check.
  func claims(of payload: [UInt8]) throws(TokenVerificationError) -> AccessClaims {
    if let minted = MintedClaims.access(payload, after: members) { minted } else { try anyNotation(payload) }
  }

  /// Reads the claims in any notation.
  func anyNotation(_ payload: [UInt8]) throws(TokenVerificationError) -> AccessClaims {
    let claims = try ClaimReader(payload)
    guard try claims.text("iss").hasSameBytes(as: issuer) else { throw .wrongIssuer }
    guard (try claims.optionalText("aud") ?? audienceOfNone).hasSameBytes(as: audience) else { throw .wrongAudience }
    let identifier = try claims.identifier()
    guard try claims.text("sid") == identifier.sessionText else { throw .claims("sid") }
    let expiresAt = try claims.seconds("exp")
    let exactEnd = try claims.optionalTime("exp_ms", in: ClaimTime.milliseconds)
    if let exactEnd, (exactEnd + 999) / 1000 != expiresAt { throw .claims("exp_ms") }
    return AccessClaims(
      subject: try claims.text("sub"), clientID: try claims.text("client_id"),
      scope: try claims.optionalText("scope") ?? "", issuedAt: try claims.seconds("iat"), expiresAt: expiresAt,
      expiresAtMilliseconds: exactEnd, shift: try claims.optionalTime("shift", in: ClaimTime.seconds) ?? 0,
      identifier: identifier, keyThumbprint: try claims.keyThumbprint(),
      extraMembers: ExtraMembers.of(claims.object, in: payload))
  }
}

/// The keys of a JWK Set, by the headers of the access tokens that they verify: a process that is not the issuer has
/// only these.
///
/// As with the issuer's own keys, the bytes of the header select the key, and the signature is checked before the
/// claims are read. A key without a `kid` selects nothing, since every token of ours names its key.
package struct PublishedKeys: Sendable {
  private let headers: OwnHeaders
  /// The ids of the keys.
  package let ids: [String]

  package init(_ keys: [VerificationKey]) {
    headers = OwnHeaders(published: keys)
    ids = keys.compactMap(\.id)
  }

  /// Returns the claims of an access token that one of the keys has signed.
  ///
  /// The time is the caller's to check.
  package func claims(of token: String, by rules: AccessClaimRules) throws(TokenVerificationError) -> AccessClaims {
    try rules.claims(of: try headers.payload(of: token.utf8.span, type: .access))
  }
}
