internal import TokenLedger
internal import TokenSigning

/// Minting: which pair belongs to a session as it stands.
extension RotationEngine {
  /// A pure function of the session, the claims and the client's lifetimes, so that a retry is answered the same; with an algorithm whose
  /// signatures are deterministic (HS256, EdDSA, RS256) byte for byte.
  ///
  /// - Parameters:
  ///   - time: the ledger's, in the step that decided: what is minted anew is issued then, and so before any revocation that comes after it.
  ///   - shift: the one in force then.
  func pair(
    for session: Session, scopes: Scopes, claims: CustomClaims, client own: ClientLifetimes, at time: Timestamp,
    shift: Int64
  ) -> TokenPair {
    let now = now(notBefore: time)
    let lifetime = (own.access ?? options.accessLifetime).wholeMilliseconds
    let (subject, client, tokenID) = (session.subject, session.client, session.tokenID)
    var access = accessClaims(
      subject: subject, client: client, tokenID: tokenID, issuedAt: session.usedAt, shift: session.shifts.atUse,
      lifetime: lifetime, scopes: scopes, claims: claims)
    if access.end <= now {
      // A retry in the grace window after the access token's end: a fresh one beside the same refresh token.
      access = accessClaims(
        subject: subject, client: client, tokenID: tokenID, issuedAt: max(time, session.usedAt), shift: shift,
        lifetime: lifetime, scopes: scopes, claims: claims)
    }
    return TokenPair(
      accessToken: minter.mintAccess(access.claims), refreshToken: minter.mintRefresh(refreshClaims(of: session)),
      expiresInSeconds: secondsRoundedUp(from: now, to: access.end),
      refreshExpiresInSeconds: secondsRoundedUp(from: now, to: session.expiresAt),
      scopes: scopes, session: session.id)
  }

  /// Where the token is never rotated its text stays the same too: it says the absolute end, and the ledger knows the idle one.
  func refreshClaims(of session: Session) -> RefreshClaims {
    let isFixed = session.rotation == .never
    return RefreshClaims(
      subject: session.subject, clientID: session.client, scope: session.scope,
      issuedAt: (isFixed ? session.openedAt : session.usedAt).seconds,
      expiresAt: (isFixed ? session.absoluteEnd : session.expiresAt).secondsRoundedUp,
      identifier: TokenIdentifier(session.refreshTokenID))
  }

  /// The claims of an access token, whose times are the wall clock's, and the moment of its end to the millisecond, which is the ledger's.
  func accessClaims(
    subject: String, client: String, tokenID: TokenID, issuedAt: Timestamp, shift: Int64, lifetime: Int64,
    scopes: Scopes, claims: CustomClaims
  ) -> (claims: AccessClaims, end: Timestamp) {
    // A lifetime of whole seconds ends on a whole second, as `iat` and `exp` can say; any other needs its own claim.
    let isWhole = lifetime % 1000 == 0
    let end =
      isWhole
      ? Timestamp(milliseconds: issuedAt.seconds * 1000 + lifetime) : issuedAt.advanced(byMilliseconds: lifetime)
    let claims = AccessClaims(
      subject: subject, clientID: client, scope: scopes.text, issuedAt: issuedAt.seconds - shift,
      expiresAt: end.secondsRoundedUp - shift,
      expiresAtMilliseconds: isWhole ? nil : end.milliseconds - 1000 * shift, shift: shift,
      identifier: TokenIdentifier(tokenID),
      extraMembers: claims.members)
    return (claims, end)
  }

  func secondsRoundedUp(from now: Timestamp, to end: Timestamp) -> Int64 {
    max(0, (end.millisecondsSince(now) + 999) / 1000)
  }

  /// What the embedder's closure says.
  func customClaims(subject: String, client: String, scopes: Scopes) async throws(EngineFailure) -> CustomClaims {
    guard let make = options.customClaims else { return .empty }
    let claims: CustomClaims
    do {
      claims = try await make(ClaimsContext(subject: subject, client: client, scopes: scopes))
    } catch let failure as EngineFailure {
      throw failure
    } catch {
      throw .foreign(error)
    }
    let bytes = claims.members.count + subject.utf8.count + client.utf8.count + scopes.text.utf8.count
    guard claims.members.isEmpty || bytes <= CustomClaims.grantBytesMax else {
      throw .invalid(
        field: "claims", limit: "with subject, client and scopes at most \(CustomClaims.grantBytesMax) bytes")
    }
    return claims
  }

  /// An access token that lives longer would outlive what is remembered of its revocation.
  func check(accessLifetimeOf client: Client) throws(EngineFailure) {
    guard let access = client.lifetimes.access else { return }
    guard (Duration.milliseconds(1)...(.milliseconds(Lifetimes.accessMillisecondsMax))).contains(access) else {
      throw .invalid(field: "accessTTL", limit: "from 1ms to 30d")
    }
  }

  /// What a new session of the client lives by.
  func terms(for client: Client) throws(EngineFailure) -> SessionTerms {
    let own = client.lifetimes
    try check(accessLifetimeOf: client)
    let idle = (own.refresh ?? options.refreshLifetime).wholeMilliseconds
    let absolute = (own.session ?? options.sessionLifetime).wholeMilliseconds
    guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute) else {
      let isIdleBad = !(1...Lifetimes.millisecondsMax).contains(idle)
      throw .invalid(field: isIdleBad ? "refreshTTL" : "maxAge", limit: "from 1ms to 36600d")
    }
    return SessionTerms(lifetimes: lifetimes, rotation: client.rotation)
  }
}
