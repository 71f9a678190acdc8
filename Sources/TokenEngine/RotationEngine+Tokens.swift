internal import RotationModel

/// What a token is good for, and its end.
extension RotationEngine {
  /// Verifies an access token of this engine: header, signature, issuer, audience, time, and that neither it nor its session is revoked.
  ///
  /// Pure computation on the calling thread: no actor, and no lock for revocation while nothing is revoked. Where its session was refreshed not
  /// long ago with a grace window, this closes the window: whoever has the successor has received it. Not within
  /// ``ReuseClass/raceMilliseconds`` of the refresh, when callers that share a token may still be waiting for the reply to it.
  public func verify(_ accessToken: String) throws(BadToken) -> AccessToken { try access.verify(accessToken) }

  /// Verifies the access token of an `Authorization` header, `Bearer` and one token (RFC 6750 §2.1); nil where no header came. The scheme
  /// is read in upper and lower case alike (RFC 9110 §11.1).
  ///
  /// Costs what ``verify(_:)`` does.
  public func verify(authorization header: String?) throws(AuthorizationError) -> AccessToken {
    try access.verify(authorization: header)
  }

  /// The same for all values of the header, as gRPC metadata and HTTP fields hold them: several are refused as malformed.
  public func verify(
    authorization headers: some Sequence<String>
  ) throws(AuthorizationError) -> AccessToken {
    var headers = headers.makeIterator()
    let first = headers.next()
    guard first == nil || headers.next() == nil else { throw .malformed }
    return try access.verify(authorization: first)
  }

  /// The same for a caller that can wait: if no key is known here for the token, the keys are read first, since another instance can have
  /// begun to sign with one that this instance has not heard of. `.badToken(.unverifiable)` if they cannot be read: nobody can say then
  /// whose the token is, so the reply is 503 and not 401.
  ///
  /// Costs what ``verify(_:)`` does for a token whose key is known, and wherever keys are in a folder; else it waits for a second and a reading
  /// at most, however many such tokens come.
  public func verifyReadingKeys(
    authorization headers: some Sequence<String>
  ) async throws(AuthorizationError) -> AccessToken {
    var headers = headers.makeIterator()
    let first = headers.next()
    guard first == nil || headers.next() == nil else { throw .malformed }
    return try await access.verifyReadingKeys(authorization: first)
  }

  /// Looks at a token without changing anything, other than that an access token counts as seen, as with ``verify(_:)``.
  ///
  /// A refresh token is recognised only where the hint says that it is one: a resource server that asks about a bearer
  /// must not take it for an access token.
  public func introspect(_ token: String, hint: TokenHint? = nil) async throws(EngineError) -> Introspection {
    try await inquiries.introspect(token, hint: hint)
  }

  /// Revokes a token (RFC 7009): a refresh token with its session, an access token alone or, by option, with its session.
  ///
  /// An expired token is taken too. One of another client changes nothing. Returns once that is durable.
  public func revoke(
    token: String, client: Client, endsSession: Bool = false
  ) async throws(EngineError) -> TokenRevocation {
    try await inquiries.revoke(token: token, client: client, endsSession: endsSession)
  }
}
