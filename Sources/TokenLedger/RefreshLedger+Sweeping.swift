import WriteAheadLog

/// Giving memory back: entries whose time has come are freed, and the log is told which.
extension RefreshLedger {
  func sweepStep() throws(LedgerFailure) -> Bool {
    do { try log?.reserve() } catch { throw .log(error) }
    let now = now()
    revokedSessions.forgetEnded(at: now)
    return sweep(at: now, budget: 4096)
  }

  @discardableResult
  func sweep(at now: Timestamp, budget: Int) -> Bool {
    var ended: [UInt32] = []
    let caughtUp = wheel.advance(
      to: now.tick, budget: budget, due: { state.dueTick($0) }, fire: { ended.append($0) })
    var rest = ended[...]
    while !rest.isEmpty {
      record(.expired(slots: Array(rest.prefix(RecordEncoder.expiredSlotsMax))), at: now)
      rest = rest.dropFirst(RecordEncoder.expiredSlotsMax)
    }
    return caughtUp
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
