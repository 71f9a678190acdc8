/// What a step does beside its own work, and what a heartbeat does: time goes on, memory is given back, and the log is told of both.
extension LedgerMachine {
  /// Slots that one call may free along the way, so that memory is given back without a heartbeat too.
  private static let sweepBudgetPerCall = 64
  /// What one step of the heartbeat's sweep may touch: about 0.2 ms, for which other callers wait.
  private static let sweepBudgetPerStep = 512

  /// Begins a step, and gives its time.
  mutating func begin(into sink: inout some LedgerEventSink) -> Timestamp {
    let now = noteShift(at: now(), into: &sink)
    noteSeenSuccessors(at: now, into: &sink)
    if wheel.currentTick < now.tick { sweep(at: now, budget: Self.sweepBudgetPerCall, into: &sink) }
    return now
  }

  /// Frees some of the entries whose time has come or that a wide revocation ended. Returns whether none is left.
  package mutating func sweepStep(into sink: inout some LedgerEventSink) -> Bool {
    let now = begin(into: &sink)
    let isCaughtUp = sweep(at: now, budget: Self.sweepBudgetPerStep, into: &sink)
    let isSwept = sweepMarks(at: now, budget: Self.sweepBudgetPerStep, into: &sink)
    prune(at: now, into: &sink)
    noteTime(now, into: &sink)
    return isCaughtUp && isSwept
  }

  /// Has the log know the time of a clean close: the next opening goes on from there, also where the wall clock is behind then.
  package mutating func noteClosingTime(into sink: inout some LedgerEventSink) {
    let now = begin(into: &sink)
    if state.highestTime < now { record(.clockSeen, at: now, into: &sink) }
  }

  /// Has the log know how far the wall clock is behind, where that has changed, and gives the time that goes on from there.
  ///
  /// It is later than whatever was issued, and than the change before: which shift a pair was minted under follows from its time alone.
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

  /// Closes the grace windows whose successors were seen as access tokens. Nobody waits for that to be durable: it is a step
  /// of its own that happens to be taken now.
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

  /// A later opening goes on from the newest record's time where the wall clock is behind it, so that record must not be old.
  private mutating func noteTime(_ now: Timestamp, into sink: inout some LedgerEventSink) {
    let ageMax = state.shifts.seconds > 0 ? Self.recordAgeMaxUnderShift : Self.recordAgeMax
    if now.millisecondsSince(state.highestTime) >= ageMax { record(.clockSeen, at: now, into: &sink) }
  }

  /// From which age of the newest record on, in milliseconds, the heartbeat writes one: a record costs a commit. While a shift is in force each heartbeat
  /// of a second does, for the record tells how much of a token's life was over before a crash, and what has ended to those who read the log.
  private static let recordAgeMax: Int64 = 60_000
  private static let recordAgeMaxUnderShift: Int64 = 500
}

// MARK: - Giving memory back: entries whose time has come are freed, and the log is told which.

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

  /// The slots of entries that have ended, or that a mark covers.
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

  /// Goes on with the sweeps after wide revocations, touching about `budget` sessions. Returns whether all are done.
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

  /// Ends the marks that no living access token can be covered by, and forgets revoked access tokens that have ended. Looks at
  /// all of them, once an hour.
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
