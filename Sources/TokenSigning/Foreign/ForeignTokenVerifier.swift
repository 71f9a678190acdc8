internal import Platform

/// A verifier of JWTs from other issuers, with keys that the caller trusts.
///
/// It is strict, works offline and keeps no state.
package struct ForeignTokenVerifier: Sendable {
  private let keys: [VerificationKey]
  private let issuer: String?
  private let audience: String?

  /// - Parameters:
  ///   - keys: The keys to try; one without a `kid` is tried for every token.
  ///   - issuer: The required `iss` claim; nil skips the check.
  ///   - audience: The audience that `aud` must equal or contain; nil skips the check.
  package init(keys: [VerificationKey], issuer: String? = nil, audience: String? = nil) {
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
  }

  /// Verifies a token and returns its claims.
  ///
  /// A token without `exp` is refused as `claims("exp")`, since it would be valid for ever.
  ///
  /// - Parameters:
  ///   - token: A compact JWS of at most 4096 bytes.
  ///   - nowMilliseconds: The time in milliseconds since the epoch; there is no leeway.
  /// - Returns: The claims, and the payload that has all of them.
  /// - Throws: `TokenVerificationError` with the first check that fails; the signature is checked before the claims.
  package func verify(_ token: String, nowMilliseconds: Int64) throws(TokenVerificationError) -> ForeignClaims {
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

  /// Returns the keys that the header can mean: a key without a `kid` fits every token, and a token without one fits
  /// every key.
  private func candidates(for header: ForeignHeader) throws(TokenVerificationError) -> [VerificationKey] {
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
  ) throws(TokenVerificationError) -> ForeignClaims {
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

/// The protected header of another issuer's token (RFC 7515 §4), reduced to what selects the keys to try.
struct ForeignHeader {
  /// The header parameters that change what is signed, which are refused.
  ///
  /// Keys and addresses of keys (`jwk`, `jku`, `x5u`, `x5c`) are ignored: the verifier uses its own keys only.
  static let refused = ["crit", "b64", "zip", "enc"]

  let algorithm: SignatureAlgorithm
  let keyID: String?

  init(_ segment: Span<UInt8>) throws(TokenVerificationError) {
    guard let bytes = Base64URL.decode(segment), let object = try? JSONReader.object(bytes) else { throw .malformed }
    guard case .string(let name) = object["alg"] else { throw .malformed }
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .algorithm }
    for parameter in Self.refused where object.has(parameter) { throw .header(parameter) }
    switch object["kid"] {
    case nil: keyID = nil
    case .string(let id): keyID = id
    default: throw .header("kid")
    }
    for parameter in ["typ", "cty"] {
      switch object[parameter] {
      case nil, .string: continue
      default: throw .header(parameter)
      }
    }
    self.algorithm = algorithm
  }
}

/// The claims of a verified token from another issuer.
package struct ForeignClaims: Sendable, Hashable {
  package let algorithm: SignatureAlgorithm
  package let keyID: String?
  package let issuer: String?
  /// The audiences, empty if the token names none.
  package let audiences: [String]
  package let subject: String?
  /// The expiry in whole seconds since the epoch, rounded down.
  package let expiresAt: Int64
  /// The payload with all claims, as strict JSON.
  package let payload: [UInt8]
}
