internal import Platform

/// A verifier of our own tokens. The bytes of the header select the key, and the signature is checked before the claims
/// are read.
///
/// It has no state but the keys in force, no clock of its own, and no lock that is held while another token is
/// verified.
package struct TokenVerifier: Sendable {
  /// The longest token; a longer one is refused unread.
  package static let textBytesMax = TokenFormat.textBytesMax

  private let issuer: String
  private let audience: String
  /// The audience of a token that names none: the issuer, if that is the audience. Releases in which no audience was
  /// configured issued such tokens.
  private let audienceOfNone: String
  private let ring: KeyRing
  /// The members with which the claims of our minter begin, for access tokens and for refresh tokens.
  private let accessMembers: [UInt8]
  private let refreshMembers: [UInt8]

  /// - Parameter audience: The audience that access tokens must name. If it is empty, they must name none; if it is the
  ///   issuer, they may name none.
  package init(ring: KeyRing, issuer: String, audience: String) {
    self.issuer = issuer
    self.audience = audience
    audienceOfNone = audience.hasSameBytes(as: issuer) ? audience : ""
    self.ring = ring
    accessMembers = Array(TokenTemplate.accessMembers(issuer: issuer, audience: audience).utf8)
    refreshMembers = Array(TokenTemplate.members(issuer: issuer).utf8)
  }

  /// Creates a verifier whose keys never change.
  package init(keys: TokenKeys, issuer: String, audience: String) {
    self.init(ring: KeyRing(keys), issuer: issuer, audience: audience)
  }

  /// Verifies an access token and returns its claims.
  ///
  /// - Parameters:
  ///   - nowMilliseconds: The issuer's own time in milliseconds since the epoch; the token's `shift` is added to its
  ///     times.
  ///     The token is expired from the millisecond of its end on.
  ///   - ignoringExpiry: True to accept an expired token too, for its revocation (RFC 7009); everything else is
  ///     checked.
  package func verifyAccess(
    _ token: String, nowMilliseconds: Int64, ignoringExpiry: Bool = false
  ) throws(TokenVerificationError) -> AccessClaims {
    let payload = try payload(of: token, type: .access)
    let verified =
      if let minted = MintedClaims.access(payload, after: accessMembers) { minted } else { try accessClaims(payload) }
    guard ignoringExpiry || nowMilliseconds < verified.ownEndMilliseconds else { throw .expired }
    return verified
  }

  /// Reads the claims in any notation.
  func accessClaims(_ payload: [UInt8]) throws(TokenVerificationError) -> AccessClaims {
    let claims = try ClaimReader(payload)
    guard try claims.text("iss").hasSameBytes(as: issuer) else { throw .wrongIssuer }
    guard (try claims.optionalText("aud") ?? audienceOfNone).hasSameBytes(as: audience) else { throw .wrongAudience }
    let identifier = try identifier(claims)
    guard try claims.text("sid") == identifier.sessionText else { throw .claims("sid") }
    let expiresAt = try claims.seconds("exp")
    let exactEnd = try claims.optionalTime("exp_ms", in: ClaimTime.milliseconds)
    if let exactEnd, (exactEnd + 999) / 1000 != expiresAt { throw .claims("exp_ms") }
    return AccessClaims(
      subject: try claims.text("sub"), clientID: try claims.text("client_id"),
      scope: try claims.optionalText("scope") ?? "", issuedAt: try claims.seconds("iat"), expiresAt: expiresAt,
      expiresAtMilliseconds: exactEnd, shift: try claims.optionalTime("shift", in: ClaimTime.seconds) ?? 0,
      identifier: identifier,
      extraMembers: ExtraMembers.of(claims.object, in: payload))
  }

  /// Verifies a refresh token and returns its claims.
  ///
  /// An accepted token may be past its exact end by up to a second, since `exp` is rounded up; the ledger decides.
  ///
  /// - Parameter ignoringExpiry: True to accept an expired token too, for its revocation (RFC 7009).
  package func verifyRefresh(
    _ token: String, nowMilliseconds: Int64, ignoringExpiry: Bool = false
  ) throws(TokenVerificationError) -> RefreshClaims {
    let payload = try payload(of: token, type: .refresh)
    let verified =
      if let minted = MintedClaims.refresh(payload, after: refreshMembers) { minted } else {
        try refreshClaims(payload)
      }
    guard ignoringExpiry || nowMilliseconds < verified.expiresAt * 1000 else { throw .expired }
    return verified
  }

  /// Reads the claims in any notation.
  func refreshClaims(_ payload: [UInt8]) throws(TokenVerificationError) -> RefreshClaims {
    let claims = try ClaimReader(payload)
    guard try claims.text("iss").hasSameBytes(as: issuer) else { throw .wrongIssuer }
    return RefreshClaims(
      subject: try claims.text("sub"), clientID: try claims.text("client_id"),
      scope: try claims.optionalText("scope") ?? "", issuedAt: try claims.seconds("iat"),
      expiresAt: try claims.seconds("exp"), identifier: try identifier(claims))
  }

  /// Verifies a one-time token and returns its claims.
  ///
  /// An accepted token may be past its exact end by up to a second, or consumed; the ledger decides.
  package func verifyOneTime(_ token: String, nowMilliseconds: Int64) throws(TokenVerificationError) -> OneTimeClaims {
    let payload = try payload(of: token, type: .oneTime)
    let claims = try ClaimReader(payload)
    guard try claims.text("iss").hasSameBytes(as: issuer) else { throw .wrongIssuer }
    let identifier = try identifier(claims)
    guard identifier.generation == 0 else { throw .claims("jti") }
    let expiresAt = try claims.seconds("exp")
    let verified = OneTimeClaims(
      purpose: try claims.text("purpose"), issuedAt: try claims.seconds("iat"), expiresAt: expiresAt,
      identifier: identifier)
    guard nowMilliseconds < expiresAt * 1000 else { throw .expired }
    return verified
  }

  private func payload(of token: String, type: TokenType) throws(TokenVerificationError) -> [UInt8] {
    try ring.withCurrent { snapshot throws(TokenVerificationError) in
      try snapshot.headers.payload(of: token.utf8.span, type: type)
    }
  }

  private func identifier(_ claims: ClaimReader) throws(TokenVerificationError) -> TokenIdentifier {
    guard let identifier = TokenIdentifier(text: try claims.text("jti")) else { throw .claims("jti") }
    return identifier
  }
}
