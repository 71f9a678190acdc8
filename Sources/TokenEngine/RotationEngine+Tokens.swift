package import RotationModel

/// The verification, introspection and revocation of a token.
extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that neither the token nor
  /// its session is revoked.
  ///
  /// This is pure computation on the calling thread: there is no actor, and no lock for revocation while nothing is
  /// revoked. If the session was recently refreshed with a grace window, the call closes the window, since the holder
  /// of the successor has received it. It does not do so within ``ReuseClass/raceMilliseconds`` of the refresh, when
  /// callers that share a token may still be waiting for the reply.
  ///
  /// A token that is bound to a key is accepted only with a proof of that key for this request and this token (RFC 9449
  /// §7.1), which counts once in this process; the proof of a token that is bound to none is not looked at. With proofs
  /// there is a lock for a moment, and the cost of one more signature.
  public func verify(_ accessToken: String, proof: PresentedProof? = nil) throws(BadToken) -> AccessToken {
    try access.verify(accessToken, proof: proof)
  }

  /// Verifies the access token of an `Authorization` header, which is `Bearer` and one token (RFC 6750 §2.1), or `DPoP`
  /// and one that is bound to a key (RFC 9449 §7.1); nil stands for an absent header.
  ///
  /// The scheme is case-insensitive (RFC 9110 §11.1). A bound token is refused under `Bearer`, and any other under
  /// `DPoP`.
  ///
  /// The cost is that of ``verify(_:proof:)``.
  public func verify(
    authorization header: String?, proof: PresentedProof? = nil
  ) throws(AuthorizationError) -> AccessToken {
    try access.verify(authorization: header, proof: proof)
  }

  /// Verifies the access token in all values of the header, as gRPC metadata and HTTP fields hold them.
  ///
  /// Several values are refused as malformed.
  public func verify(
    authorization headers: some Sequence<String>, proof: PresentedProof? = nil
  ) throws(AuthorizationError) -> AccessToken {
    try access.verify(authorization: try AuthorizationError.onlyValue(of: headers), proof: proof)
  }

  /// Verifies the access token for a caller that can wait.
  ///
  /// If the token's key is unknown here, the keys are read first, since another instance can have begun to sign with a
  /// key that this instance has not heard of.
  ///
  /// If the keys cannot be read, this throws `.badToken(.unverifiable)`: nobody can then say whose the token is, so the
  /// reply is 503 and not 401.
  ///
  /// The cost is that of ``verify(_:proof:)`` if the key is known, or if the keys are in a folder. Otherwise the call
  /// waits at most for a second and one reading, however many such tokens come.
  public func verifyReadingKeys(
    authorization headers: some Sequence<String>, proof: PresentedProof? = nil
  ) async throws(AuthorizationError) -> AccessToken {
    try await access.verifyReadingKeys(authorization: try AuthorizationError.onlyValue(of: headers), proof: proof)
  }

  /// Returns the nonce that the next proofs can hold, for the header field `DPoP-Nonce` (RFC 9449 §8).
  ///
  /// It follows from the keys of refresh tokens and the time, so that all instances with the same keys have the same,
  /// and it is kept nowhere. It changes each minute, and the one before is accepted too.
  public func dpopNonce() -> String { proofs.nonce() }

  /// Inspects a token without changing anything, except that an access token counts as seen, as with
  /// ``verify(_:proof:)``.
  ///
  /// A refresh token is recognized only if the hint names it as one: a resource server that asks about a bearer token
  /// must not take it for an access token.
  public func introspect(_ token: String, hint: TokenHint? = nil) async throws(EngineError) -> Introspection {
    try await inquiries.introspect(token, hint: hint)
  }

  /// Revokes a token (RFC 7009): a refresh token with its session, an access token alone or, with `endsSession`, with
  /// its session.
  ///
  /// An expired token is accepted too. A token of another client changes nothing. The call returns once the revocation
  /// is durable.
  public func revoke(
    token: String, client: Client, endsSession: Bool = false
  ) async throws(EngineError) -> TokenRevocation {
    try await inquiries.revoke(token: token, client: client, endsSession: endsSession)
  }

  /// Returns the session of a refresh token if it is live, of whatever generation the token is; nil for a token that is
  /// not this client's.
  package func session(ofRefreshToken token: String, client: Client) async throws(EngineError) -> Session? {
    try await inquiries.session(ofRefreshToken: token, client: client)
  }
}

extension RotationEngine: BearerVerifier {
  /// Verifies the access token of a request as ``verifyReadingKeys(authorization:proof:)`` does.
  public func verify(_ bearer: PresentedBearer) async throws(AuthorizationError) -> AccessToken {
    try await verifyReadingKeys(authorization: bearer.authorization, proof: bearer.proof)
  }

  /// The register whose revocations other processes can follow, or nil if the ledger keeps none.
  package var followedRegister: (any FollowedRegister)? { ledger.register as? any FollowedRegister }
}
