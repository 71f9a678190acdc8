internal import Platform

/// A verifier of our own tokens.
///
/// The bytes of the header select the key, and the signature is checked before the claims are read. A verifier has no
/// state but the keys in force, no clock of its own, and no lock that is held while another token is verified.
package struct TokenVerifier: Sendable {
  /// The longest token; a longer one is refused unread.
  package static let textBytesMax = TokenFormat.textBytesMax

  private let issuer: String
  private let rules: AccessClaimRules
  private let ring: KeyRing
  /// The members with which the claims of our minter's refresh tokens begin.
  private let refreshMembers: [UInt8]

  /// - Parameters:
  ///   - ring: The keys in force.
  ///   - issuer: The issuer that all tokens must name.
  ///   - audience: The audience of access tokens; see ``AccessClaimRules/init(issuer:audience:)``.
  package init(ring: KeyRing, issuer: String, audience: String) {
    self.issuer = issuer
    rules = AccessClaimRules(issuer: issuer, audience: audience)
    self.ring = ring
    refreshMembers = Array(TokenTemplate.members(issuer: issuer).utf8)
  }

  /// Creates a verifier whose keys never change.
  package init(keys: TokenKeys, issuer: String, audience: String) {
    self.init(ring: KeyRing(keys), issuer: issuer, audience: audience)
  }

  /// Verifies an access token and returns its claims.
  ///
  /// - Parameters:
  ///   - token: A token of at most `textBytesMax` bytes.
  ///   - nowMilliseconds: The issuer's own time in milliseconds since the epoch; the token's `shift` is added to its
  ///     times. The token is expired from the millisecond of its end on.
  ///   - ignoringExpiry: True to accept an expired token too, for its revocation (RFC 7009); everything else is
  ///     checked.
  /// - Returns: The claims, whose times are those of the token, without the `shift`.
  /// - Throws: `TokenVerificationError` with the first check that fails.
  package func verifyAccess(
    _ token: String, nowMilliseconds: Int64, ignoringExpiry: Bool = false
  ) throws(TokenVerificationError) -> AccessClaims {
    let verified = try rules.claims(of: try payload(of: token, type: .access))
    guard ignoringExpiry || nowMilliseconds < verified.ownEndMilliseconds else { throw .expired }
    return verified
  }

  /// Verifies a refresh token and returns its claims.
  ///
  /// An accepted token may be past its exact end by up to a second, since `exp` is rounded up; the ledger decides.
  ///
  /// - Parameters:
  ///   - token: A token of at most `textBytesMax` bytes.
  ///   - nowMilliseconds: The issuer's own time in milliseconds since the epoch.
  ///   - ignoringExpiry: True to accept an expired token too, for its revocation (RFC 7009).
  /// - Returns: The claims of the token, which may have been used already.
  /// - Throws: `TokenVerificationError` with the first check that fails.
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
      expiresAt: try claims.seconds("exp"), identifier: try claims.identifier())
  }

  /// Verifies a one-time token and returns its claims.
  ///
  /// An accepted token may be past its exact end by up to a second, or consumed; the ledger decides.
  package func verifyOneTime(_ token: String, nowMilliseconds: Int64) throws(TokenVerificationError) -> OneTimeClaims {
    let payload = try payload(of: token, type: .oneTime)
    let claims = try ClaimReader(payload)
    guard try claims.text("iss").hasSameBytes(as: issuer) else { throw .wrongIssuer }
    let identifier = try claims.identifier()
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
}
