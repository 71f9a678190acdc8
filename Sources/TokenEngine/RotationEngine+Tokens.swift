internal import RotationModel

/// The verification, introspection and revocation of a token.
extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that neither the token nor
  /// its session is revoked.
  ///
  /// This is pure computation on the calling thread: there is no actor, and no lock for revocation while nothing is
  /// revoked. If the session was recently refreshed with a grace window, the call closes the window, since the holder
  /// of the successor has received it. It does not do so within ``ReuseClass/raceMilliseconds`` of the refresh, when
  /// callers that share a token may still be waiting for the reply.
  public func verify(_ accessToken: String) throws(BadToken) -> AccessToken { try access.verify(accessToken) }

  /// Verifies the access token of an `Authorization` header, which is `Bearer` and one token (RFC 6750 §2.1); nil
  /// stands for an absent header. The scheme is case-insensitive (RFC 9110 §11.1).
  ///
  /// The cost is that of ``verify(_:)``.
  public func verify(authorization header: String?) throws(AuthorizationError) -> AccessToken {
    try access.verify(authorization: header)
  }

  /// Verifies the access token in all values of the header, as gRPC metadata and HTTP fields hold them. Several values
  /// are refused as malformed.
  public func verify(
    authorization headers: some Sequence<String>
  ) throws(AuthorizationError) -> AccessToken {
    var headers = headers.makeIterator()
    let first = headers.next()
    guard first == nil || headers.next() == nil else { throw .malformed }
    return try access.verify(authorization: first)
  }

  /// Verifies the access token for a caller that can wait. If the token's key is unknown here, the keys are read first,
  /// since another instance can have begun to sign with a key that this instance has not heard of.
  ///
  /// If the keys cannot be read, this throws `.badToken(.unverifiable)`: nobody can then say whose the token is, so the
  /// reply is 503 and not 401.
  ///
  /// The cost is that of ``verify(_:)`` if the key is known, or if the keys are in a folder. Otherwise the call waits
  /// at most for a second and one reading, however many such tokens come.
  public func verifyReadingKeys(
    authorization headers: some Sequence<String>
  ) async throws(AuthorizationError) -> AccessToken {
    var headers = headers.makeIterator()
    let first = headers.next()
    guard first == nil || headers.next() == nil else { throw .malformed }
    return try await access.verifyReadingKeys(authorization: first)
  }

  /// Inspects a token without changing anything, except that an access token counts as seen, as with ``verify(_:)``.
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
}
