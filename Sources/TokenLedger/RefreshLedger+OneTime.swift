/// One-time tokens: decide, apply, stage.
extension RefreshLedger {
  package func stageIssue(_ grant: OneTimeGrant) throws(LedgerFailure) -> Staged<SessionID> {
    try check(grant)
    let now = try begin()
    let id = unusedID()
    guard let slot = state.table.nextFree() else { throw .full }
    record(state.events(issuing: grant, as: id, in: slot, at: now), at: now)
    wheel.arm(slot, due: state.dueTick(slot))
    return Staged(outcome: id, sequence: sequence, time: now, shift: state.shifts.seconds)
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
      return Staged(outcome: .consumed(subject: subject, payload: payload), sequence: sequence, time: now)
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      return Staged(outcome: .refused(refusal), sequence: sequence, time: now)
    }
  }
}
