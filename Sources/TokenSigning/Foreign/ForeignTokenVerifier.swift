/// Verifies the JWTs of other issuers by keys that the caller trusts: strict, offline, and without any state.
package struct ForeignTokenVerifier: Sendable {
  private let keys: [VerificationKey]
  private let issuer: String?
  private let audience: String?

  /// - Parameters:
  ///   - issuer: what `iss` must be; nil asks nothing of it.
  ///   - audience: what `aud` must be or hold; nil asks nothing of it.
  package init(keys: [VerificationKey], issuer: String? = nil, audience: String? = nil) {
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
  }

  /// - Parameter nowMilliseconds: milliseconds since the epoch; there is no leeway.
  ///
  /// A token without `exp` is refused as `claims("exp")`: it would be good for ever.
  package func verify(_ token: String, nowMilliseconds: Int64) throws(TokenRefusal) -> ForeignClaims {
    let text = token.utf8.span
    let parts = try TokenFormat.split(text)
    let header = try ForeignHeader(text.extracting(parts.header))
    guard let payload = Base64URL.decode(text.extracting(parts.payload)),
      let signature = Base64URL.decode(text.extracting(parts.signature))
    else { throw .malformed }
    let signed = text.extracting(parts.signed)
    guard try candidates(for: header).contains(where: { $0.verifies(signature, of: signed, by: header.algorithm) })
    else { throw .badSignature }
    return try check(payload, header: header, nowMilliseconds: nowMilliseconds)
  }

  /// A key without a `kid` may be meant by any; a token without one may mean any.
  private func candidates(for header: ForeignHeader) throws(TokenRefusal) -> [VerificationKey] {
    let named = keys.filter { key in
      guard let wanted = header.keyID, let id = key.id else { return true }
      return id.hasSameBytes(as: wanted)
    }
    guard !named.isEmpty else { throw .unknownKey }
    let fitting = named.filter { $0.algorithms.contains(header.algorithm) }
    guard !fitting.isEmpty else { throw .algorithm }
    return fitting
  }

  private func check(
    _ payload: [UInt8], header: ForeignHeader, nowMilliseconds: Int64
  ) throws(TokenRefusal) -> ForeignClaims {
    let claims = try ClaimReader(payload)
    let issuer = try claims.optionalText("iss")
    if let wanted = self.issuer {
      guard let issuer, issuer.hasSameBytes(as: wanted) else { throw .wrongIssuer }
    }
    let audiences = try claims.audiences() ?? []
    if let wanted = audience {
      guard audiences.contains(where: { $0.hasSameBytes(as: wanted) }) else { throw .wrongAudience }
    }
    let subject = try claims.optionalText("sub")
    guard let end = try claims.optionalNumericDate("exp") else { throw .claims("exp") }
    _ = try claims.optionalText("jti")
    let starts = [try claims.optionalNumericDate("nbf"), try claims.optionalNumericDate("iat")]
    let now = Double(nowMilliseconds)
    guard now < end else { throw .expired }
    guard starts.allSatisfy({ now >= $0 ?? 0 }) else { throw .notYetValid }
    return ForeignClaims(
      algorithm: header.algorithm, keyID: header.keyID, issuer: issuer, audiences: audiences, subject: subject,
      expiresAt: Int64(end / 1000), payload: payload)
  }
}
