/// Calls that return the outcome itself, for callers that make no reply of it.
extension RefreshLedger {
  /// Consumes the presented token and makes its successor live, as one record, or refuses it.
  public nonisolated func rotate(_ request: RotationRequest) async throws(LedgerError) -> Rotation {
    let staged = try await stageRotation(request)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  /// Consumes the presented tokens in order, each as ``rotate(_:)-(RotationRequest)`` would, in one step and with one
  /// commit.
  public nonisolated func rotate(_ batch: [RotationRequest]) async throws(LedgerError) -> [Rotation] {
    let staged = try await stageRotations(batch)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  /// Opens a session and makes its generation 0 live.
  public nonisolated func open(_ grant: SessionGrant) async throws(LedgerError) -> Session {
    let staged = try await stageOpening(grant)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  /// Opens sessions in order, in one step and with one commit.
  public nonisolated func open(_ batch: [SessionGrant]) async throws(LedgerError) -> [Session] {
    let staged = try await stageOpenings(batch)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }
}

extension RefreshLedger: ProofLedger {
  public nonisolated func count(_ proof: KeyProof) async throws(LedgerError) -> RotationRefusal? {
    let staged = try await stageCount(proof)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }
}

extension RefreshLedger: OneTimeLedger {
  public nonisolated func issue<Reply: Sendable>(
    _ grant: OneTimeGrant, reply: (SessionID, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageIssue(grant)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return answer
  }

  /// Issues a one-time token and returns its id.
  public nonisolated func issue(_ grant: OneTimeGrant) async throws(LedgerError) -> SessionID {
    let staged = try await stageIssue(grant)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  public nonisolated func consume(
    _ id: SessionID, purpose: String
  ) async throws(LedgerError) -> OneTimeConsumption {
    let staged = try await stageConsumption(id, purpose: purpose)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }
}
