internal import RotationModel
internal import TokenSigning

/// The reason that the value of an `Authorization` header was refused.
@nonexhaustive
public enum AuthorizationError: Error, Sendable, Hashable {
  /// The header is absent or has another scheme. The caller may be asked for a token, and has made no error (RFC 6750
  /// §3.1).
  case absent
  /// The scheme is `Bearer`, but not exactly one token follows it (RFC 6750 §2.1), or there were several headers.
  /// Nobody can know which of several headers a proxy has checked.
  case malformed
  case badToken(BadToken)

  /// A stable label for logs and metrics. Do not tell the caller more than `expired` and `revoked` apart from the rest.
  public var reason: String {
    switch self {
    case .absent: "absent"
    case .malformed: "malformed"
    case .badToken(let fault): fault.rawValue
    }
  }
}

/// The verification of access tokens: header, signature, issuer, audience, time, and whether the token or its session
/// is revoked.
struct AccessVerification: Sendable {
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let ledger: any SessionLedger
  let register: any AccessRegister

  /// Implements ``RotationEngine/verify(authorization:)-(String?)``.
  func verify(authorization header: String?) throws(AuthorizationError) -> AccessToken {
    let token = try Self.bearerToken(of: header)
    do { return try verify(token) } catch { throw .badToken(error) }
  }

  /// Implements ``RotationEngine/verifyReadingKeys(authorization:)``.
  func verifyReadingKeys(authorization header: String?) async throws(AuthorizationError) -> AccessToken {
    let token = try Self.bearerToken(of: header)
    let now = ledger.now()
    let verified: Result<AccessClaims, TokenVerificationError>
    do throws(EngineError) {
      verified = try await lookups.verify { () throws(TokenVerificationError) in
        try verifier.verifyAccess(token, nowMilliseconds: now.milliseconds)
      }
    } catch {
      throw .badToken(.unverifiable)
    }
    switch verified {
    case .failure(let refusal): throw .badToken(refusal.asBadToken)
    case .success(let claims):
      do { return try accept(claims, at: now) } catch { throw .badToken(error) }
    }
  }

  private static func bearerToken(of header: String?) throws(AuthorizationError) -> String {
    guard let header else { throw .absent }
    let space = UInt8(ascii: " ")
    let end = header.utf8.firstIndex(of: space) ?? header.endIndex
    guard header[..<end].utf8.count == 6, header[..<end].lowercased() == "bearer" else { throw .absent }
    let token = header[(header.utf8[end...].firstIndex { $0 != space } ?? header.endIndex)...]
    // The token is a `b64token`. One of ours has neither `=` nor a character at which a header could be cut or
    // continued.
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }) else {
      throw .malformed
    }
    return String(token)
  }

  func verify(_ accessToken: String) throws(BadToken) -> AccessToken {
    let claims: AccessClaims
    let now = ledger.now()
    do {
      claims = try verifier.verifyAccess(accessToken, nowMilliseconds: now.milliseconds)
    } catch {
      // Reading the keys does not wait here: the key may be known when the token is presented again.
      if let lookups, error.mayBeForNewKey { lookups.readSoon() }
      throw error.asBadToken
    }
    return try accept(claims, at: now)
  }

  /// Checks what remains for an access token whose signature and time are good: revocation and scopes.
  @inline(__always)
  func accept(_ claims: AccessClaims, at now: Timestamp) throws(BadToken) -> AccessToken {
    let tokenID = TokenID(claims.identifier)
    func isRefused() -> Bool {
      register.isRefused(tokenID, subject: claims.subject, client: claims.clientID, issuedAt: claims.ownIssuedAt)
    }
    if isRefused() {
      guard !ledger.health.refusesAccess else { throw .unverifiable }
      // The check is repeated, since all tokens may have been refused at the first one and no longer be.
      guard !isRefused() else { throw .revoked }
    }
    guard let scopes = Scopes(claims.scope) else { throw .malformed }
    // The `iat` claim is exact only to the second.
    let raceEnd = claims.ownIssuedAt &* 1000 &+ 1000 &+ ReuseClass.raceMilliseconds
    if now.milliseconds >= raceEnd { register.noteUse(of: tokenID, issuedAt: claims.ownIssuedAt, now: now) }
    return AccessToken(
      subject: claims.subject, client: claims.clientID, scopes: scopes, tokenID: tokenID,
      issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, customMembers: claims.extraMembers)
  }
}

extension TokenVerificationError {
  var asBadToken: BadToken {
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

  var asGrantRefusal: GrantRefusal {
    self == .expired ? .expired(generationsBehind: nil) : .badToken(asBadToken)
  }
}
