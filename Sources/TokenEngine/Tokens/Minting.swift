internal import RotationModel
internal import TokenSigning

/// The tools that the grants share: the tokens that belong to a session, and the terms of new ones.
struct Minting: Sendable {
  let options: EngineOptions
  let minter: TokenMinter
  /// The ledger, which gives the time.
  let ledger: any SessionLedger
  /// The ledger on the paths that must be cheap.
  let hot: HotLedger

  init(options: EngineOptions, minter: TokenMinter, ledger: any SessionLedger) {
    self.options = options
    self.minter = minter
    self.ledger = ledger
    hot = HotLedger(ledger)
  }

  /// Returns the ledger's time, which never goes back, so that a clock that is set back revives no token.
  func now() -> Timestamp { ledger.now() }

  /// Returns the pair of a session.
  ///
  /// The pair is a pure function of the session, the claims and the client's lifetimes until its access token has
  /// expired, so that a retry is answered with the same pair, byte for byte if the algorithm's signatures are
  /// deterministic (HS256, EdDSA, RS256).
  ///
  /// `moment` is the time of the step that decided. New tokens are issued at that time, and so before any later
  /// revocation.
  func pair(
    for session: Session, scopes: Scopes, claims: CustomClaims, client own: ClientLifetimes, at moment: LedgerMoment
  ) -> TokenPair {
    let now = max(now(), moment.time)
    let lifetime = (own.access ?? options.accessLifetime).wholeMilliseconds
    let (subject, client, tokenID) = (session.subject, session.client, session.tokenID)
    var access = accessClaims(
      subject: subject, client: client, tokenID: tokenID,
      issued: LedgerMoment(time: session.refreshedAt, shift: session.shifts.atUse), lifetime: lifetime, scopes: scopes,
      key: session.keys.ofAccess, claims: claims)
    if access.end <= now {
      // A retry in the grace window after the access token has expired gets a fresh one with the same refresh token.
      access = accessClaims(
        subject: subject, client: client, tokenID: tokenID,
        issued: LedgerMoment(time: max(moment.time, session.refreshedAt), shift: moment.shift), lifetime: lifetime,
        scopes: scopes, key: session.keys.ofAccess, claims: claims)
    }
    return TokenPair(
      accessToken: minter.mintAccess(access.claims), refreshToken: refreshToken(of: session),
      expiresInSeconds: Self.secondsRoundedUp(from: now, to: access.end),
      refreshExpiresInSeconds: Self.secondsRoundedUp(from: now, to: session.expiresAt),
      scopes: scopes, session: session.id, keyThumbprint: access.claims.keyThumbprint)
  }

  /// Returns the live refresh token.
  ///
  /// If the token is never rotated, its text does not change either: it states the absolute end, and the ledger knows
  /// the idle one.
  func refreshToken(of session: Session) -> String {
    let isFixed = session.rotation == .never
    return minter.mintRefresh(
      RefreshClaims(
        subject: session.subject, clientID: session.client, scope: session.scope,
        issuedAt: (isFixed ? session.openedAt : session.refreshedAt).seconds,
        expiresAt: (isFixed ? session.absoluteEnd : session.expiresAt).secondsRoundedUp,
        identifier: TokenIdentifier(session.refreshTokenID)))
  }

  /// Returns an access token for a client itself.
  func clientToken(
    for client: Client, scopes: Scopes, key: Digest256?, claims: CustomClaims,
    issued: (id: SessionID, moment: LedgerMoment)
  ) -> ClientToken {
    let tokenID = TokenID(session: issued.id, generation: 0)
    let now = max(now(), issued.moment.time)
    let access = accessClaims(
      subject: client.id, client: client.id, tokenID: tokenID, issued: issued.moment,
      lifetime: accessMilliseconds(of: client), scopes: scopes, key: key, claims: claims)
    return ClientToken(
      accessToken: minter.mintAccess(access.claims),
      expiresInSeconds: Self.secondsRoundedUp(from: now, to: access.end), scopes: scopes, tokenID: tokenID,
      keyThumbprint: access.claims.keyThumbprint)
  }

  /// Returns the claims of an access token, whose times are those of the wall clock, and its end to the millisecond, in
  /// the ledger's time.
  private func accessClaims(
    subject: String, client: String, tokenID: TokenID, issued: LedgerMoment, lifetime: Int64, scopes: Scopes,
    key: Digest256?, claims: CustomClaims
  ) -> (claims: AccessClaims, end: Timestamp) {
    // A lifetime of whole seconds ends on a whole second, which `iat` and `exp` can express; any other needs its own
    // claim.
    let isWhole = lifetime % 1000 == 0
    let end =
      isWhole
      ? Timestamp(milliseconds: issued.time.seconds * 1000 + lifetime) : issued.time.advanced(byMilliseconds: lifetime)
    let claims = AccessClaims(
      subject: subject, clientID: client, scope: scopes.text, issuedAt: issued.time.seconds - issued.shift,
      expiresAt: end.secondsRoundedUp - issued.shift,
      expiresAtMilliseconds: isWhole ? nil : end.shifted(back: issued.shift).milliseconds, shift: issued.shift,
      identifier: TokenIdentifier(tokenID), keyThumbprint: key?.description,
      extraMembers: claims.members)
    return (claims, end)
  }

  private static func secondsRoundedUp(from now: Timestamp, to end: Timestamp) -> Int64 {
    max(0, (end.millisecondsSince(now) + 999) / 1000)
  }
}

// MARK: - Limits of tokens and sessions

extension Minting {
  /// Returns the claims that the embedder's closure makes.
  ///
  /// `isBound` is true if the token will be bound to a key, whose claim takes room too.
  func customClaims(for context: ClaimsContext, isBound: Bool) async throws(EngineError) -> CustomClaims {
    guard let make = options.customClaims else { return .empty }
    let (subject, client, scopes) = (context.subject, context.client, context.scopes)
    let claims: CustomClaims
    do {
      claims = try await make(context)
    } catch let failure as EngineError {
      throw failure
    } catch {
      throw .foreign(error)
    }
    let bytes =
      claims.members.count + (isBound ? CustomClaims.keyBytes : 0) + subject.utf8.count + client.utf8.count
      + scopes.text.utf8.count
    guard claims.members.isEmpty || bytes <= CustomClaims.grantBytesMax else {
      throw .invalid(
        field: "claims", limit: "with subject, client and scopes at most \(CustomClaims.grantBytesMax) bytes")
    }
    return claims
  }

  /// Checks the client's own access lifetime: a longer-lived access token would outlive the memory of its revocation.
  func check(accessLifetimeOf client: Client) throws(EngineError) {
    guard let access = client.lifetimes.access else { return }
    try Limits.accessLifetime.checkOption("lifetimes.access", access)
  }

  /// Returns the lifetime of the client's access tokens in milliseconds: its own, or that of the options.
  func accessMilliseconds(of client: Client) -> Int64 {
    (client.lifetimes.access ?? options.accessLifetime).wholeMilliseconds
  }

  /// Returns the terms of a new session of the client.
  func terms(for client: Client) throws(EngineError) -> SessionTerms {
    let own = client.lifetimes
    try check(accessLifetimeOf: client)
    let idle = (own.idle ?? options.idleLifetime).wholeMilliseconds
    let absolute = (own.absolute ?? options.absoluteLifetime).wholeMilliseconds
    guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute) else {
      let isIdleBad = !(1...Lifetimes.millisecondsMax).contains(idle)
      throw .invalid(field: isIdleBad ? "lifetimes.idle" : "lifetimes.absolute", limit: Limits.lifetime.text)
    }
    return SessionTerms(lifetimes: lifetimes, rotation: client.rotation)
  }

  /// Returns the scopes to grant for a request's `scope` parameter, or nil if it is malformed or asks for more than is
  /// allowed.
  func requested(_ scope: String?, within allowed: Scopes) -> Scopes? {
    guard let scope, !scope.isEmpty else { return allowed }
    guard let scopes = Scopes(scope), scopes.isSubset(of: allowed) else { return nil }
    return scopes
  }

  /// Checks a subject and a client id, which come from outside.
  func check(subject: String, client: String) throws(EngineError) {
    try Limits.subjectID.checkID("subject", subject)
    try Limits.clientID.checkID("client", client)
  }
}
