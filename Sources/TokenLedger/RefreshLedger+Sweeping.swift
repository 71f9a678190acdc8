import WriteAheadLog

/// Giving memory back: entries whose time has come are freed, and the log is told which.
extension RefreshLedger {
  /// What one step of the heartbeat's sweep may touch: about 0.2 ms, for which other callers wait.
  static let sweepBudgetPerStep = 512

  func sweepStep() throws(LedgerFailure) -> Bool {
    let now = try begin()
    let isCaughtUp = sweep(at: now, budget: Self.sweepBudgetPerStep)
    let isSwept = sweepMarks(at: now, budget: Self.sweepBudgetPerStep)
    prune(at: now)
    noteTime(now)
    return isCaughtUp && isSwept
  }

  /// A later opening goes on from the newest record's time where the wall clock is behind it, so that record must not be old.
  private func noteTime(_ now: Timestamp) {
    let ageMax = state.shifts.seconds > 0 ? Self.recordAgeMaxUnderShift : Self.recordAgeMax
    if now.millisecondsSince(state.highestTime) >= ageMax { record(.clockSeen, at: now) }
  }

  /// From which age of the newest record on, in milliseconds, the heartbeat writes one: a record costs a commit. While a shift is in force each heartbeat
  /// of a second does, for the record tells how much of a token's life was over before a crash, and what has ended to those who read the log.
  private static let recordAgeMax: Int64 = 60_000
  private static let recordAgeMaxUnderShift: Int64 = 500

  @discardableResult
  func sweep(at now: Timestamp, budget: Int) -> Bool {
    var ended: [UInt32] = []
    let caughtUp = wheel.advance(
      to: now.tick, budget: budget, due: { state.dueTick($0) },
      fire: { slot in if state.table[slot].status != .free { ended.append(slot) } })
    free(ended, at: now)
    return caughtUp
  }

  /// The slots of entries that have ended, or that a mark covers.
  func free(_ slots: [UInt32], at now: Timestamp) {
    for slot in slots {
      wheel.disarm(slot)
      if state.table[slot].status == .revoked { revocations.remove(state.table[slot].id) }
    }
    var rest = slots[...]
    while !rest.isEmpty {
      record(.expired(slots: Array(rest.prefix(RecordEncoder.expiredSlotsMax))), at: now)
      rest = rest.dropFirst(RecordEncoder.expiredSlotsMax)
    }
  }
}

extension Timestamp {
  /// The last tick of the wheel that has passed at this moment.
  var tick: UInt64 { UInt64(max(0, seconds)) }
}

extension LedgerState {
  /// The first tick at which the entry has ended.
  func dueTick(_ slot: UInt32) -> UInt64 {
    UInt64(max(0, expiry(of: table[slot]).secondsRoundedUp))
  }
}
