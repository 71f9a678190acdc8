/// Revocation: of one session, of one access token, and wide ones by marks.
extension LedgerMachine {
  package mutating func revoke(_ session: SessionID, into sink: inout some LedgerEventSink) -> Staged<Bool> {
    let now = begin(into: &sink)
    guard let slot = state.table.slot(of: session), state.isUsable(slot, at: now) else {
      if let slot = state.table.slot(of: session), state.table[slot].status == .live {
        proveTime(state.expiry(of: state.table[slot]), at: now, into: &sink)
      }
      return staged(false, at: now)
    }
    revoke(slot, cause: .requested, at: now, into: &sink)
    return staged(true, at: now)
  }

  mutating func revoke(
    _ slot: UInt32, cause: RevocationCause, at now: Timestamp, into sink: inout some LedgerEventSink
  ) {
    record(.revoked(slot: slot, cause: cause), at: now, into: &sink)
    revocations.insert(state.table[slot].id)
  }

  /// See ``RefreshLedger/revoke(subject:openedUnderOtherThan:orBefore:)``.
  package mutating func revoke(
    subject: String, notUnder version: AccountVersion, orBefore moment: Timestamp?,
    into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<[SessionID]> {
    try check(.subject(subject))
    let now = begin(into: &sink)
    let numbers = state.scopes(meantBy: .subject(subject), otherSpellings).compactMap { state.key(of: $0)?.subject }
    let slots = numbers.flatMap { state.bySubject.slots(of: $0) }.filter {
      let entry = state.table[$0]
      let isOlder = moment.map { entry.openedAt < $0 } ?? false
      return (entry.version == .unknown ? isOlder : entry.version != version) && state.isUsable($0, at: now)
    }
    for slot in slots { revoke(slot, cause: .requested, at: now, into: &sink) }
    return staged(slots.map { state.table[$0].id }, at: now)
  }

  /// Ends the sessions of a scope and says how many of one subject's were live; 0 for a wider scope, where whoever wants to know counts before.
  package mutating func revoke(
    _ scope: SessionScope, into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<Int> {
    try check(scope)
    let start = begin(into: &sink)
    let count = scope.isOfOneSubject ? liveCount(ofSubjectIn: scope, at: start) : 0
    // After every opening and every access token so far, and none from now on is before it.
    let issued = max(state.latestIssue, latestAccessIssue)
    let now = time.now(notBefore: max(start, issued.advanced(byMilliseconds: 1)))
    for scope in state.scopes(meantBy: scope, otherSpellings) {
      let events = state.events(revoking: scope)
      record(events, at: now, into: &sink)
      revocations.mark(scope, at: now)
      if case .revokedBefore(let key) = events.last { sweepSoon(key) }
    }
    return staged(count, at: now)
  }

  private mutating func sweepSoon(_ key: MarkKey) {
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

  package mutating func revokeAccess(
    _ token: TokenID, until end: Timestamp, into sink: inout some LedgerEventSink
  ) -> Staged<Void> {
    let now = begin(into: &sink)
    let end = min(end, now.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
    if end <= now {
      // There is nothing to revoke, which must hold after a restart with the clock set back.
      proveTime(end, at: now, into: &sink)
    } else if end > state.revokedTokens[token] ?? .zero {
      record(.accessRevoked(token, end: end), at: now, into: &sink)
      revocations.insert(token, until: end)
    }
    return staged((), at: now)
  }

  /// Ends what is live in the slots from `slot` on, at most `most` of them; the log is older than what was served from it.
  ///
  /// - Returns: where to go on, nil at the end; and how many sessions and one-time tokens ended.
  mutating func endLive(
    from slot: UInt32, most: UInt32, into sink: inout some LedgerEventSink
  ) -> (next: UInt32?, sessions: Int, oneTimeTokens: Int) {
    let now = now()
    let places = UInt32(state.table.slotCount)
    let end = min(places, slot + most)
    var (sessions, oneTimeTokens) = (0, 0)
    for slot in slot..<max(slot, end) {
      switch state.table[slot].status {
      case .live:
        revoke(slot, cause: .rollback, at: now, into: &sink)
        sessions += 1
      case .oneTimeLive:
        record(.oneTimeConsumed(slot: slot), at: now, into: &sink)
        oneTimeTokens += 1
      case .free, .revoked, .oneTimeConsumed: break
      }
    }
    return (end < places ? end : nil, sessions, oneTimeTokens)
  }
}

// MARK: - Scopes, and how many sessions are live in them.

extension LedgerMachine {
  /// A name that is not in NFC means just these bytes, which the log of an older release may hold.
  package func check(_ scope: SessionScope) throws(LedgerError) {
    // Read here: a closure cannot borrow the machine.
    let names = state.names
    try scope.eachName { (field, name) throws(LedgerError) in
      if names.number(of: name) == nil { try NameForm.check(field, name) }
    }
  }

  private func liveCount(ofSubjectIn scope: SessionScope, at now: Timestamp) -> Int {
    var count = 0
    for scope in state.scopes(meantBy: scope, otherSpellings) {
      guard let key = state.key(of: scope), let subject = key.subject else { continue }
      for slot in state.bySubject.slots(of: subject) where state.isLive(slot, key, at: now) { count += 1 }
    }
    return count
  }

  /// The most slots that one step of a count looks at: a fraction of a millisecond.
  static let countedPerStep = 4096

  /// - Returns: how many live sessions of a scope there are in one step from `slot` on, and where to go on; nil at the end.
  func countLive(of scope: SessionScope, from slot: Int) -> (count: Int, next: Int?) {
    let now = now()
    // The numbers of names may have changed since the step before.
    let keys = state.scopes(meantBy: scope, otherSpellings).compactMap { state.key(of: $0) }
    guard !keys.isEmpty, slot < state.table.slotCount else { return (0, nil) }
    let end = min(slot + Self.countedPerStep, state.table.slotCount)
    var count = 0
    for slot in slot..<end where keys.contains(where: { state.isLive(UInt32(slot), $0, at: now) }) { count += 1 }
    return (count, end < state.table.slotCount ? end : nil)
  }
}
