internal import Platform
internal import RotationModel
internal import TokenSigning

/// The issuing and consuming of one-time tokens, for any purpose.
struct OneTimeTokens: Sendable {
  let ledger: any OneTimeLedger
  let minter: TokenMinter
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let observer: any EngineObserver

  func issue(
    purpose: String, subject: String, payload: [UInt8], lifetime: Duration
  ) async throws(EngineError) -> OneTimeToken {
    try Limits.purposeID.checkID("purpose", purpose)
    try Limits.subjectID.checkID("subject", subject)
    let grant = OneTimeGrant(
      purpose: purpose, subject: subject, payload: payload, lifetimeMilliseconds: lifetime.wholeMilliseconds)
    let token: OneTimeToken
    do {
      token = try await ledger.issue(grant) { id, moment in
        let end = moment.time.advanced(byMilliseconds: grant.lifetimeMilliseconds)
        let claims = OneTimeClaims(
          purpose: purpose, issuedAt: moment.time.seconds, expiresAt: end.secondsRoundedUp,
          identifier: TokenIdentifier(TokenID(session: id, generation: 0)))
        return OneTimeToken(text: minter.mintOneTime(claims), id: id, expiresAt: end.shifted(back: moment.shift))
      }
    } catch {
      throw EngineError(error)
    }
    observer.engine(observed: .oneTimeIssued(token.id, subject: subject, purpose: purpose))
    return token
  }

  func consume(_ token: String, purpose: String) async throws(EngineError) -> OneTimeTokenOutcome {
    let verified = try await lookups.verify { () throws(TokenVerificationError) in
      try verifier.verifyOneTime(token, nowMilliseconds: ledger.now().milliseconds)
    }
    let claims: OneTimeClaims
    switch verified {
    case .success(let good): claims = good
    case .failure(let error):
      return refuse(error == .expired ? .expired : .badToken(error.asBadToken), nil, purpose)
    }
    let id = TokenID(claims.identifier).session
    guard claims.purpose.hasSameBytes(as: purpose) else { return refuse(.wrongPurpose, id, purpose) }
    let consumption: OneTimeConsumption
    do { consumption = try await ledger.consume(id, purpose: purpose) } catch { throw EngineError(error) }
    switch consumption {
    case .consumed(let subject, let payload):
      observer.engine(observed: .oneTimeConsumed(id, subject: subject, purpose: purpose))
      return .consumed(subject: subject, payload: payload)
    case .refused(.unknown): return refuse(.unknown, id, purpose)
    case .refused(.expired): return refuse(.expired, id, purpose)
    case .refused(.alreadyConsumed): return refuse(.alreadyConsumed, id, purpose)
    case .refused(.wrongPurpose): return refuse(.wrongPurpose, id, purpose)
    }
  }

  private func refuse(_ refusal: OneTimeTokenRefusal, _ id: SessionID?, _ purpose: String) -> OneTimeTokenOutcome {
    observer.engine(observed: .oneTimeRefused(refusal, id, purpose: purpose))
    return .refused(refusal)
  }
}
