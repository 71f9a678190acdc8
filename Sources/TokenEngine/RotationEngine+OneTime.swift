internal import Platform
internal import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// Issues a one-time token; durable before it is returned. Revoking its subject's sessions does not end it.
  ///
  /// - Parameters:
  ///   - purpose: 1 to 256 bytes; the token is good for nothing else.
  ///   - payload: handed back at consumption, at most 1024 bytes. It stands in the log, not in the token.
  ///   - lifetime: from 1 ms to 100 years, to the millisecond.
  public func issueOneTimeToken(
    purpose: String, subject: String, payload: [UInt8] = [], lifetime: Duration
  ) async throws(EngineFailure) -> OneTimeToken {
    try check("purpose", purpose, bytesMax: OneTimeGrant.purposeBytesMax)
    try check("subject", subject, bytesMax: Self.subjectBytesMax)
    let grant = OneTimeGrant(
      purpose: purpose, subject: subject, payload: payload, lifetimeMilliseconds: lifetime.wholeMilliseconds)
    do throws(LedgerFailure) {
      let staged = try await ledger.stageIssue(grant)
      let end = staged.time.advanced(byMilliseconds: grant.lifetimeMilliseconds)
      let claims = OneTimeClaims(
        purpose: purpose, issuedAt: staged.time.seconds, expiresAt: end.secondsRoundedUp,
        identifier: TokenIdentifier(TokenID(session: staged.outcome, generation: 0)))
      let text = minter.mintOneTime(claims)
      try await ledger.durable(through: staged.sequence)
      observer.engine(observed: .oneTimeIssued(staged.outcome, subject: subject, purpose: purpose))
      let shownEnd = end.advanced(byMilliseconds: -1000 * staged.shift)
      return OneTimeToken(text: text, id: staged.outcome, expiresAt: shownEnd)
    } catch {
      throw EngineFailure(error)
    }
  }

  /// Consumes a one-time token: of any number of presentations one is told so, once that is durable.
  public func consumeOneTimeToken(
    _ token: String, purpose: String
  ) async throws(EngineFailure) -> OneTimeTokenOutcome {
    let claims: OneTimeClaims
    do {
      claims = try verifier.verifyOneTime(token, nowMilliseconds: now().milliseconds)
    } catch {
      return refuse(error == .expired ? .expired : .badToken(error.asBadToken), nil, purpose)
    }
    let id = TokenID(claims.identifier).session
    guard claims.purpose.hasSameBytes(as: purpose) else { return refuse(.wrongPurpose, id, purpose) }
    do throws(LedgerFailure) {
      switch try await ledger.consume(id, purpose: purpose) {
      case .consumed(let subject, let payload):
        observer.engine(observed: .oneTimeConsumed(id, subject: subject, purpose: purpose))
        return .consumed(subject: subject, payload: payload)
      case .refused(.unknown): return refuse(.unknown, id, purpose)
      case .refused(.expired): return refuse(.expired, id, purpose)
      case .refused(.alreadyConsumed): return refuse(.alreadyConsumed, id, purpose)
      case .refused(.wrongPurpose): return refuse(.wrongPurpose, id, purpose)
      }
    } catch {
      throw EngineFailure(error)
    }
  }

  private func refuse(_ refusal: OneTimeTokenRefusal, _ id: SessionID?, _ purpose: String) -> OneTimeTokenOutcome {
    observer.engine(observed: .oneTimeRefused(refusal, id, purpose: purpose))
    return .refused(refusal)
  }
}
