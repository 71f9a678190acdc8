import WriteAheadLog

/// Decide, apply, stage: one step without suspension, of which nobody may hear before it is durable.
extension RefreshLedger {
  /// Waits until the sequence number is durable, as the ledger's `Durability` says.
  package nonisolated func durable(through sequence: UInt64) async throws(LedgerFailure) {
    guard let log else { return }
    do { try await log.durable(through: sequence) } catch { throw .log(error) }
  }

  package func stageRotation(_ request: RotationRequest) throws(LedgerFailure) -> Staged<Rotation> {
    if let scope = request.narrowedScope { try check("scope", bytes: scope.utf8.count) }
    let now = try begin()
    let outcome: Rotation
    switch state.decide(request, at: now) {
    case .rotate(let slot):
      if let scope = request.narrowedScope {
        for event in state.events(rotating: slot, narrowedTo: scope) { record(event, at: now) }
      } else {
        record(state.rotation(of: slot), at: now)
      }
      outcome = .rotated(state.session(at: slot))
    case .replay(let slot):
      outcome = .replayed(state.session(at: slot))
    case .revoke(let slot, let generationsBehind):
      revoke(slot, cause: .reuse, at: now)
      outcome = .refused(.reused(generationsBehind: generationsBehind, revokedSession: true))
    case .endRolledBack(let slot, let generationsAhead):
      revoke(slot, cause: .rollback, at: now)
      outcome = .refused(.neverIssued(generationsAhead: generationsAhead))
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      outcome = .refused(refusal)
    }
    return Staged(outcome: outcome, sequence: sequence)
  }

  package func stageOpening(_ grant: SessionGrant) throws(LedgerFailure) -> Staged<Session> {
    try check("subject", bytes: grant.subject.utf8.count)
    try check("client", bytes: grant.client.utf8.count)
    try check("scope", bytes: grant.scope.utf8.count)
    let now = try begin()
    let id = unusedID()
    guard let slot = state.table.nextFree() else { throw .full }
    for event in state.events(opening: grant, as: id, in: slot) { record(event, at: now) }
    wheel.arm(slot, due: state.dueTick(slot))
    return Staged(outcome: state.session(at: slot), sequence: sequence)
  }

  package func stageRevocation(_ session: SessionID) throws(LedgerFailure) -> Staged<Bool> {
    let now = try begin()
    guard let slot = state.table.slot(of: session), state.table[slot].status == .live else {
      return Staged(outcome: false, sequence: sequence)
    }
    revoke(slot, cause: .requested, at: now)
    return Staged(outcome: true, sequence: sequence)
  }

  package func stageIssue(_ grant: OneTimeGrant) throws(LedgerFailure) -> Staged<SessionID> {
    try check("subject", bytes: grant.subject.utf8.count)
    try check("purpose", bytes: grant.purpose.utf8.count, from: 1, max: OneTimeGrant.purposeBytesMax)
    try check("payload", bytes: grant.payload.count, max: OneTimeGrant.payloadBytesMax)
    guard (1...Lifetimes.millisecondsMax).contains(grant.lifetimeMilliseconds) else {
      throw .invalid(field: "lifetime", limit: "from 1 ms to 100 years")
    }
    let now = try begin()
    let id = unusedID()
    guard let slot = state.table.nextFree() else { throw .full }
    for event in state.events(issuing: grant, as: id, in: slot, at: now) { record(event, at: now) }
    wheel.arm(slot, due: state.dueTick(slot))
    return Staged(outcome: id, sequence: sequence)
  }

  package func stageConsumption(
    _ id: SessionID, purpose: String
  ) throws(LedgerFailure) -> Staged<OneTimeConsumption> {
    let now = try begin()
    switch state.decide(consuming: id, purpose: purpose, at: now) {
    case .consume(let slot):
      let payload = state.payloads[slot] ?? []
      let subject = state.names[state.table[slot].subject] ?? ""
      record(.oneTimeConsumed(slot: slot), at: now)
      return Staged(outcome: .consumed(subject: subject, payload: payload), sequence: sequence)
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      return Staged(outcome: .refused(refusal), sequence: sequence)
    }
  }

  /// Fails before anything has changed if the log cannot take a record; else gives the time of this step.
  private func begin() throws(LedgerFailure) -> Timestamp {
    do { try log?.reserve() } catch { throw .log(error) }
    let now = now()
    if wheel.currentTick < now.tick { sweep(at: now, budget: Self.sweepBudgetPerCall) }
    return now
  }

  func record(_ event: LedgerEvent, at time: Timestamp) {
    state.apply(event, at: time)
    sequence += 1
    log?.stage(sequence: sequence) { payload, startsFrame in
      encoder.encode(event, at: time, into: &payload, startsFrame: startsFrame)
    }
  }

  func revoke(_ slot: UInt32, cause: RevocationCause, at now: Timestamp) {
    record(.revoked(slot: slot, cause: cause), at: now)
    revokedSessions.insert(state.table[slot].id, until: now.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
  }

  /// A verdict that rests on `moment` having passed must hold after a restart with the clock set back:
  /// the log is made to know a time that is not before it.
  private func proveTime(_ moment: Timestamp?, at now: Timestamp) {
    if let moment, state.highestTime < moment { record(.clockSeen, at: now) }
  }

  func now() -> Timestamp {
    let reading = clock.now()
    return max(Timestamp(milliseconds: min(reading.milliseconds, Timestamp.latestMilliseconds)), state.highestTime)
  }

  private func unusedID() -> SessionID {
    while true {
      let id = drawID()
      if state.table.slot(of: id) == nil { return id }
    }
  }

  private func drawID() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }

  private func check(
    _ field: String, bytes: Int, from min: Int = 0, max: Int = SessionGrant.textBytesMax
  ) throws(LedgerFailure) {
    guard bytes >= min, bytes <= max else { throw .invalid(field: field, limit: "\(min) to \(max) bytes") }
  }
}
