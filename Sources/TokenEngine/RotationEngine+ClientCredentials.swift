internal import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// The grant `client_credentials` (RFC 6749 §4.4): an access token whose subject is the client (RFC 9068 §2.2).
  ///
  /// The caller has authenticated the client. `scope` is the request's parameter; nil asks for all that the client may have, which is
  /// none where ``Client/scopes`` is nil. Costs one signature: nothing is written, so the token ends by its lifetime, by
  /// ``revoke(token:client:endsSession:)`` or with the sessions of its client.
  ///
  /// A client that has the id of a subject is refused with ``GrantRefusal/clientNamedAsSubject``: a resource server that looks at `sub` alone would
  /// take it for that subject (RFC 9068 §5).
  public func clientToken(
    for client: Client, scope: String? = nil
  ) async throws(EngineFailure) -> ClientGrantOutcome {
    guard client.grants.contains(.clientCredentials), !client.isPublic else {
      return refuse(.unauthorizedClient, client)
    }
    guard let granted = requested(scope, within: client.scopes ?? []) else { return refuse(.invalidScope, client) }
    try check("client", client.id, bytesMax: Self.clientBytesMax)
    do { try NameForm.check("client", client.id) } catch { throw EngineFailure(error) }
    try check(accessLifetimeOf: client)
    if let subjects {
      let namesake: Subject?
      do { namesake = try await subjects.subject(id: client.id) } catch { throw .store(from: error) }
      guard namesake == nil else { return refuse(.clientNamedAsSubject, client) }
    }
    let claims = try await customClaims(subject: client.id, client: client.id, scopes: granted)
    // What a closed log could not take back is not handed out.
    if let failure = ledger.logFailure { throw EngineFailure.ledger(.log(failure)) }
    let issued = await ledger.issueAccess(client: client.id)
    let tokenID = TokenID(session: issued.id, generation: 0)
    let now = now(notBefore: issued.time)
    let access = accessClaims(
      subject: client.id, client: client.id, tokenID: tokenID, issuedAt: issued.time, shift: issued.shift,
      lifetime: (client.lifetimes.access ?? options.accessLifetime).wholeMilliseconds, scopes: granted, claims: claims)
    observer.engine(observed: .clientGranted(tokenID, client: client.id))
    return .granted(
      ClientToken(
        accessToken: minter.mintAccess(access.claims), expiresInSeconds: secondsRoundedUp(from: now, to: access.end),
        scopes: granted, tokenID: tokenID))
  }

  private func refuse(_ refusal: GrantRefusal, _ client: Client) -> ClientGrantOutcome {
    observer.engine(observed: .refused(refusal, token: nil, client: client.id))
    return .refused(refusal)
  }
}
