/// The background work of each step and of the heartbeat: time advances, memory is freed, and the log records both.
extension LedgerMachine {
  /// The most slots that one call frees along the way, so that memory is freed without a heartbeat too.
  private static let sweepBudgetPerCall = 64
  /// The most slots that one step of the heartbeat's sweep touches, which takes about 0.2 ms, in which other callers
  /// wait.
  private static let sweepBudgetPerStep = 512

  /// Begins a step and returns its time.
  mutating func begin(into sink: inout some LedgerEventSink) -> Timestamp {
    let now = noteShift(at: now(), into: &sink)
    noteSeenSuccessors(at: now, into: &sink)
    if wheel.currentTick < now.tick { sweep(at: now, budget: Self.sweepBudgetPerCall, into: &sink) }
    if state.proofs.count > 0 { state.proofs.forget(at: now, budget: Self.sweepBudgetPerCall) }
    return now
  }

  /// Frees some of the entries that have expired or that a wide revocation ended, and returns true if none is left.
  package mutating func sweepStep(into sink: inout some LedgerEventSink) -> Bool {
    let now = begin(into: &sink)
    let isCaughtUp = sweep(at: now, budget: Self.sweepBudgetPerStep, into: &sink)
    let isSwept = sweepMarks(at: now, budget: Self.sweepBudgetPerStep, into: &sink)
    prune(at: now, into: &sink)
    noteTime(now, into: &sink)
    let areForgotten = state.proofs.forget(at: now, budget: Self.sweepBudgetPerStep)
    return isCaughtUp && isSwept && areForgotten
  }

  /// Records the time of a clean close.
  ///
  /// The next opening continues from there, even if the wall clock is behind it then.
  package mutating func noteClosingTime(into sink: inout some LedgerEventSink) {
    let now = begin(into: &sink)
    if state.highestTime < now { record(.clockSeen, at: now, into: &sink) }
  }

  /// Records the shift of the wall clock if it has changed, and returns the time from which the new shift applies.
  ///
  /// That time is later than everything that was issued and than the change before, since the shift under which a pair
  /// was minted follows from its time alone.
  private mutating func noteShift(at now: Timestamp, into sink: inout some LedgerEventSink) -> Timestamp {
    let seconds = time.shift(of: now, inForce: state.shifts.seconds)
    guard seconds != state.shifts.seconds else { return now }
    let latest = max(state.latestIssue, state.shifts.changes.last?.from ?? .zero)
    let start = max(now, latest.advanced(byMilliseconds: 1))
    // Not read anew: after a pause in between, the shift would be too small for it.
    _ = time.now(notBefore: start)
    record(.shifted(seconds: seconds), at: start, into: &sink)
    return start
  }

  /// Closes the grace windows whose successors were seen as access tokens.
  ///
  /// The caller does not wait for that to be durable: it is a step of its own that happens to be taken now.
  private mutating func noteSeenSuccessors(at now: Timestamp, into sink: inout some LedgerEventSink) {
    for token in successorWatch.take() {
      guard let slot = state.table.slot(of: token.session) else { continue }
      let entry = state.table[slot]
      guard entry.status == .live, entry.generation == token.generation, !entry.hasSeenSuccessor,
        now < entry.refreshedAt.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax)
      else { continue }
      record(.successorSeen(slot: slot), at: now, into: &sink)
    }
  }

  /// Records the time if the newest record is old: a later opening continues from that record's time if the wall clock
  /// is behind it.
  private mutating func noteTime(_ now: Timestamp, into sink: inout some LedgerEventSink) {
    let ageMax = state.shifts.seconds > 0 ? Self.recordAgeMaxUnderShift : Self.recordAgeMax
    if now.millisecondsSince(state.highestTime) >= ageMax { record(.clockSeen, at: now, into: &sink) }
  }

  /// The age of the newest record, in milliseconds, from which on the heartbeat writes one; a record costs a commit.
  ///
  /// While a shift is in force, each heartbeat of a second writes one: the record shows how much of a token's life was
  /// over before a crash, and tells readers of the log which entries have expired.
  private static let recordAgeMax: Int64 = 60_000
  private static let recordAgeMaxUnderShift: Int64 = 500
}

// MARK: - Freeing of ended entries, which the log records

extension LedgerMachine {
  @discardableResult
  private mutating func sweep(at now: Timestamp, budget: Int, into sink: inout some LedgerEventSink) -> Bool {
    var ended: [UInt32] = []
    let caughtUp = wheel.advance(
      to: now.tick, budget: budget, due: { state.dueTick($0) },
      fire: { slot in if state.table[slot].status != .free { ended.append(slot) } })
    free(ended, at: now, into: &sink)
    return caughtUp
  }

  /// Frees the slots of entries that have ended or that a mark covers.
  private mutating func free(_ slots: [UInt32], at now: Timestamp, into sink: inout some LedgerEventSink) {
    for slot in slots {
      wheel.disarm(slot)
      if state.table[slot].status == .revoked { revocations.remove(state.table[slot].id) }
    }
    var rest = slots[...]
    while !rest.isEmpty {
      record(.expired(slots: Array(rest.prefix(RecordEncoder.expiredSlotsMax))), at: now, into: &sink)
      rest = rest.dropFirst(RecordEncoder.expiredSlotsMax)
    }
  }

  /// Continues the sweeps after wide revocations, touching about `budget` sessions.
  ///
  /// Returns true if all are done.
  private mutating func sweepMarks(at now: Timestamp, budget: Int, into sink: inout some LedgerEventSink) -> Bool {
    var budget = budget
    while budget > 0, let sweep = markSweeps.first {
      switch sweep {
      case .subject(let subject, let remaining):
        let (covered, seen) = state.takeCovered(of: subject, most: min(budget, remaining))
        free(covered, at: now, into: &sink)
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
        free(covered, at: now, into: &sink)
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

  /// Ends the marks that can cover no living access token, and forgets revoked access tokens that have expired.
  ///
  /// All of them are visited, once an hour.
  private mutating func prune(at now: Timestamp, into sink: inout some LedgerEventSink) {
    guard now >= nextPruning, state.marks.isSwept else { return }
    nextPruning = now.advanced(byMilliseconds: 3_600_000)
    for (key, time) in state.marks.sorted()
    where time.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax) <= now {
      revocations.endMark(state.scope(of: key))
      record(.markEnded(key), at: now, into: &sink)
    }
    state.revokedTokens = state.revokedTokens.filter { $0.value > now }
    revocations.forgetEnded(at: now)
  }
}
