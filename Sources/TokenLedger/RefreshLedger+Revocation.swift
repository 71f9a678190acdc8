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

  func revoke(_ slot: UInt32, cause: RevocationCause, at now: Timestamp) {
    record(.revoked(slot: slot, cause: cause), at: now)
    revocations.insert(state.table[slot].id)
  }

  package func stageRevocation(_ scope: SessionScope) throws(LedgerFailure) -> Staged<Void> {
    try check(scope)
    // After every opening so far, and no opening from now on is before it.
    let now = max(try begin(), state.latestOpening.advanced(byMilliseconds: 1))
    let events = state.events(revoking: scope)
    record(events, at: now)
    revocations.mark(scope, at: now)
    if case .revokedBefore(let key) = events.last { sweepSoon(key) }
    return Staged(outcome: (), sequence: sequence, time: now)
  }

  private func sweepSoon(_ key: MarkKey) {
    if let subject = key.subject {
      markSweeps.append(.subject(subject, remaining: state.bySubject.count(of: subject)))
    } else {
      // One pass over all slots from here on serves every such mark so far.
      markSweeps.removeAll { if case .slots = $0 { true } else { false } }
      markSweeps.append(.slots(from: 0))
    }
  }

  package func stageAccessRevocation(_ token: TokenID, until end: Timestamp) throws(LedgerFailure) -> Staged<Void> {
    let now = try begin()
    let end = min(end, now.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
    if end > now, end > state.revokedTokens[token] ?? .zero {
      record(.accessRevoked(token, end: end), at: now)
      revocations.insert(token, until: end)
    }
    return Staged(outcome: (), sequence: sequence, time: now)
  }
}

/// Work that a wide revocation leaves: what it covers is freed step by step.
enum MarkSweep {
  /// The first of the subject's sessions, as many times; one that is not covered goes to the end of the list.
  case subject(UInt32, remaining: Int)
  case slots(from: UInt32)
}

extension RefreshLedger {
  /// Goes on with the sweeps, touching about `budget` sessions. Returns whether all are done.
  func sweepMarks(at now: Timestamp, budget: Int) -> Bool {
    var budget = budget
    while budget > 0, let sweep = markSweeps.first {
      switch sweep {
      case .subject(let subject, let remaining):
        let (covered, seen) = state.takeCovered(of: subject, most: min(budget, remaining))
        free(covered, at: now)
        budget -= max(seen, 1)
        if seen == remaining || seen == 0 {
          markSweeps.removeFirst()
        } else {
          markSweeps[0] = .subject(subject, remaining: remaining - seen)
        }
      case .slots(let first):
        let end = min(UInt32(state.table.slotCount), first + UInt32(budget))
        let covered = (first..<max(first, end)).filter {
          state.table[$0].status == .live && state.isCovered(state.table[$0])
        }
        free(covered, at: now)
        budget -= max(Int(end - min(first, end)), 1)
        if end == UInt32(state.table.slotCount) {
          markSweeps.removeFirst()
        } else {
          markSweeps[0] = .slots(from: end)
        }
      }
    }
    guard markSweeps.isEmpty else { return false }
    state.marks.noteSwept()
    return true
  }

  /// Ends the marks that no living access token can be covered by, and forgets revoked access tokens that have ended. Looks at
  /// all of them, once an hour.
  func prune(at now: Timestamp) {
    guard now >= nextPruning, state.marks.isSwept else { return }
    nextPruning = now.advanced(byMilliseconds: 3_600_000)
    for (key, time) in state.marks.sorted()
    where time.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax) <= now {
      revocations.endMark(state.scope(of: key))
      record(.markEnded(key), at: now)
    }
    state.revokedTokens = state.revokedTokens.filter { $0.value > now }
    revocations.forgetEnded(at: now)
  }
}

extension LedgerState {
  /// The covered ones of the first `most` sessions of a subject, and how many were looked at; the others go to the end of the list.
  fileprivate mutating func takeCovered(of subject: UInt32, most: Int) -> (covered: [UInt32], seen: Int) {
    var (covered, seen) = ([UInt32](), 0)
    var next = bySubject.first(of: subject)
    while seen < most, let slot = next {
      next = bySubject.next(after: slot)
      seen += 1
      if isCovered(table[slot]) {
        covered.append(slot)
      } else {
        bySubject.remove(slot, from: subject)
        bySubject.append(slot, to: subject)
      }
    }
    return (covered, seen)
  }
}

extension Revocations {
  /// Takes over what a state that was read from disk knows.
  func fill(from state: borrowing LedgerState) {
    for (key, time) in state.marks.sorted() { mark(state.scope(of: key), at: time) }
    for (token, end) in state.revokedTokens where end > state.highestTime { insert(token, until: end) }
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      if entry.status == .revoked { insert(entry.id) }
      guard entry.status == .live, !state.marks.isEmpty, let profile = state.profiles[entry.detail] else { continue }
      noteOpening(
        entry.id, subject: state.names[entry.subject] ?? "", client: state.names[profile.client] ?? "",
        at: entry.openedAt)
    }
  }
}
