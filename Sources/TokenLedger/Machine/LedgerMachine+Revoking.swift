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
    revocations.insert(state.table[slot].id, at: now)
  }

  /// Revokes sessions by their account version; see ``RefreshLedger/revoke(subject:openedUnderOtherThan:orBefore:)``.
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

  /// Revokes the sessions of a scope and returns the number of one subject's that were live.
  ///
  /// For a wider scope it returns 0; callers that need the number count before.
  package mutating func revoke(
    _ scope: SessionScope, into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<Int> {
    try check(scope)
    let start = begin(into: &sink)
    let count = scope.isOfOneSubject ? liveCount(ofSubjectIn: scope, at: start) : 0
    // The time of the mark is after every opening and every access token so far, and before all later ones.
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
      // Each subject has one sweep at a time: two would take turns in moving its sessions, and the second could miss
      // one.
      markSweeps.removeAll { if case .subject(subject, _) = $0 { true } else { false } }
      markSweeps.append(.subject(subject, remaining: state.bySubject.count(of: subject)))
    } else {
      // One pass over all slots that has not begun yet serves all such marks. A pass under way is not restarted, or a
      // steady stream of marks would keep it from ever reaching the last slot.
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
      // There is nothing to revoke, and that must still hold after a restart with the clock set back.
      proveTime(end, at: now, into: &sink)
    } else if end > state.revokedTokens[token] ?? .zero {
      record(.accessRevoked(token, end: end), at: now, into: &sink)
      revocations.insert(token, until: end)
    }
    return staged((), at: now)
  }

  /// Ends the live entries in at most `most` slots from `slot` on, because the log is older than a state it has served.
  ///
  /// - Returns: The slot to continue from, or nil at the end, and the numbers of sessions and one-time tokens that
  ///   ended.
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

// MARK: - Scopes, and the number of live sessions in them

extension LedgerMachine {
  /// Checks the names of a scope.
  ///
  /// A name that is not in NFC means just its own bytes, which the log of an older release can hold.
  package func check(_ scope: SessionScope) throws(LedgerError) {
    // The names are read here, since a closure cannot borrow the machine.
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

  /// The most slots that one step of a count visits, which takes a fraction of a millisecond.
  static let countedPerStep = 4096

  /// Counts the live sessions of a scope in one step's slots from `slot` on.
  ///
  /// - Returns: The number of live sessions, and the slot to continue from, or nil at the end.
  func countLive(of scope: SessionScope, from slot: Int) -> (count: Int, next: Int?) {
    let now = now()
    // The numbers of names can have changed since the step before.
    let keys = state.scopes(meantBy: scope, otherSpellings).compactMap { state.key(of: $0) }
    guard !keys.isEmpty, slot < state.table.slotCount else { return (0, nil) }
    let end = min(slot + Self.countedPerStep, state.table.slotCount)
    var count = 0
    for slot in slot..<end where keys.contains(where: { state.isLive(UInt32(slot), $0, at: now) }) { count += 1 }
    return (count, end < state.table.slotCount ? end : nil)
  }
}
