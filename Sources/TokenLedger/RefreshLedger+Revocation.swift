/// Revocation: of one session, of one access token, and wide ones by marks.
extension RefreshLedger {
  package func stageRevocation(_ session: SessionID) throws(LedgerFailure) -> Staged<Bool> {
    let now = try begin()
    guard let slot = state.table.slot(of: session), state.isUsable(slot, at: now) else {
      if let slot = state.table.slot(of: session), state.table[slot].status == .live {
        proveTime(state.expiry(of: state.table[slot]), at: now)
      }
      return Staged(outcome: false, sequence: sequence, time: now)
    }
    revoke(slot, cause: .requested, at: now)
    return Staged(outcome: true, sequence: sequence, time: now)
  }

  /// Ends the live sessions of a subject that were opened under another version of its account, one by one in one step, and returns
  /// them.
  ///
  /// - Parameter moment: of the sessions whose version is ``AccountVersion/unknown`` those are ended that were opened before it; nil for none.
  public nonisolated func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerFailure) -> [SessionID] {
    let staged = try await stageRevocation(of: subject, notUnder: version, openedBefore: moment)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  private func stageRevocation(
    of subject: String, notUnder version: AccountVersion, openedBefore moment: Timestamp?
  ) throws(LedgerFailure) -> Staged<[SessionID]> {
    try check(selector: "subject", subject)
    let now = try begin()
    let numbers = state.scopes(meantBy: .subject(subject), otherSpellings).compactMap { state.key(of: $0)?.subject }
    let slots = numbers.flatMap { state.bySubject.slots(of: $0) }.filter {
      let entry = state.table[$0]
      let isOlder = moment.map { entry.openedAt < $0 } ?? false
      return (entry.version == .unknown ? isOlder : entry.version != version) && state.isUsable($0, at: now)
    }
    for slot in slots { revoke(slot, cause: .requested, at: now) }
    return Staged(outcome: slots.map { state.table[$0].id }, sequence: sequence, time: now)
  }

  func revoke(_ slot: UInt32, cause: RevocationCause, at now: Timestamp) {
    record(.revoked(slot: slot, cause: cause), at: now)
    revocations.insert(state.table[slot].id)
  }

  package func stageRevocation(_ scope: SessionScope) throws(LedgerFailure) -> Staged<Void> {
    try check(scope)
    // After every opening and every access token so far, and none from now on is before it.
    let issued = max(state.latestIssue, latestAccessIssue)
    let now = time.now(notBefore: max(try begin(), issued.advanced(byMilliseconds: 1)))
    for scope in state.scopes(meantBy: scope, otherSpellings) {
      let events = state.events(revoking: scope)
      record(events, at: now)
      revocations.mark(scope, at: now)
      if case .revokedBefore(let key) = events.last { sweepSoon(key) }
    }
    return Staged(outcome: (), sequence: sequence, time: now)
  }

  private func sweepSoon(_ key: MarkKey) {
    if let subject = key.subject {
      // One at a time for a subject: two would take turns in moving its sessions, and the second could miss one.
      markSweeps.removeAll { if case .subject(subject, _) = $0 { true } else { false } }
      markSweeps.append(.subject(subject, remaining: state.bySubject.count(of: subject)))
    } else {
      // One pass over all slots that has yet to begin serves every such mark; one under way is not begun anew, or a steady stream of
      // marks would keep it from ever reaching the last slot.
      let isAhead = markSweeps.contains { if case .slots(from: 0) = $0 { true } else { false } }
      if !isAhead { markSweeps.append(.slots(from: 0)) }
    }
  }

  package func stageAccessRevocation(_ token: TokenID, until end: Timestamp) throws(LedgerFailure) -> Staged<Void> {
    let now = try begin()
    let end = min(end, now.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
    if end <= now {
      // There is nothing to revoke, which must hold after a restart with the clock set back.
      proveTime(end, at: now)
    } else if end > state.revokedTokens[token] ?? .zero {
      record(.accessRevoked(token, end: end), at: now)
      revocations.insert(token, until: end)
    }
    return Staged(outcome: (), sequence: sequence, time: now)
  }
}
