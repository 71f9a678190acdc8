internal import RotationModel

/// The grant `client_credentials` (RFC 6749 §4.4): an access token whose subject is the client (RFC 9068 §2.2).
struct ClientCredentialsGrant: Sendable {
  let minting: Minting
  let proofs: ProofChecks
  let subjects: (any SubjectStore)?
  let observer: any EngineObserver

  func token(
    for client: Client, scope: String?, proof presented: PresentedProof?
  ) async throws(EngineError) -> ClientGrantOutcome {
    guard client.grants.contains(.clientCredentials), !client.isPublic else {
      return observer.refuse(.unauthorizedClient, nil, client)
    }
    let proof: KeyProof?
    do { proof = try proofs.proof(presented, of: client) } catch { return try observer.refuse(error, client) }
    guard let granted = minting.requested(scope, within: client.scopes ?? []) else {
      return observer.refuse(.invalidScope, nil, client)
    }
    try Limits.clientID.checkID("client", client.id)
    do { try NameForm.check("client", client.id) } catch { throw EngineError(error) }
    try minting.check(accessLifetimeOf: client)
    if let subjects {
      let namesake: Subject?
      do { namesake = try await subjects.subject(id: client.id) } catch { throw .store(from: error) }
      guard namesake == nil else { return observer.refuse(.clientNamedAsSubject, nil, client) }
    }
    let context = ClaimsContext(subject: client.id, client: client.id, scopes: granted)
    let claims = try await minting.customClaims(for: context, isBound: proof != nil)
    do { try await proofs.count(proof) } catch { return try observer.refuse(error, client) }
    let issued: (id: SessionID, moment: LedgerMoment)
    do {
      issued = try await minting.ledger.issueAccess(
        client: client.id, accessMilliseconds: minting.accessMilliseconds(of: client))
    } catch {
      throw EngineError(error)
    }
    let token = minting.clientToken(for: client, scopes: granted, key: proof?.key, claims: claims, issued: issued)
    observer.engine(observed: .clientGranted(token.tokenID, client: client.id))
    return .granted(token)
  }
}
