internal import TokenLedger

/// What both clocks and the answers say of the ledger's time and its shift.
extension HistoryOracle {
  /// One pair of tokens.
  struct PairKey: Hashable {
    let token: TokenID
    let refreshedAt: Timestamp
  }

  func noteTime(wall: Int64, boot: Int64, isHeldUp: Bool = false) {
    bounds.note(wall: wall, boot: boot, isHeldUp: isHeldUp, at: event)
  }

  /// Notes that somebody read the ledger's time, as verifiers do; `before` is the boot clock just before.
  func noteReading(_ time: Int64, asked: (invoked: Int, knownTime: Int64), before: Int64) {
    _ = moment()
    // What the ledger adds to order its records is left out at the end of all times.
    let earliest = min(TimeBounds.last, bounds.earliest(since: asked.invoked, least: asked.knownTime))
    if time < earliest || time > bounds.most {
      violate("the ledger's time is \(time), and not from \(earliest) to \(bounds.most)")
    }
    bounds.noteReading(time, before: before, pending: wideRevocations.count { $0.answered == nil })
  }

  func noteOpened(askedAt start: Int) {
    bounds.noteRead(bounds.earliest(since: start, least: bounds.least))
  }

  func noteSweep(asked: (invoked: Int, knownTime: Int64)) {
    bounds.noteSweep(
      since: asked.invoked, least: bounds.earliest(since: asked.invoked, least: asked.knownTime), at: moment())
  }

  /// The log knows the time at which it was closed.
  func noteClosed(asked: (invoked: Int, knownTime: Int64)) {
    bounds.noteAnswer(bounds.earliest(since: asked.invoked, least: asked.knownTime))
    bounds.noteDurable()
  }

  func noteTime(of outcome: TimedCall.Outcome, askedAt start: Int, _ earliest: Int64) {
    switch outcome {
    case .rotation(let rotation):
      bounds.noteDurableCall(askedAt: start)
      bounds.noteRead(earliest)
      switch rotation {
      case .rotated(let session), .refreshed(let session):
        bounds.noteAnswer(session.refreshedAt.milliseconds)
        judgeShift(of: session, askedAt: start)
      case .retried(let session, _): judgeSameShift(of: session)
      case .refused: break
      }
    case .revocation, .consumption:
      bounds.noteDurableCall(askedAt: start)
      bounds.noteRead(earliest)
    case .looked(let session?): judgeSameShift(of: session)
    case .looked, .done: break
    }
  }

  /// A pair's access token, whose times are the ledger's less the shift, is not issued in the future, and not
  /// needlessly long ago.
  func judgeShift(of session: Session, askedAt start: Int) {
    let shown = session.refreshedAt.milliseconds - 1_000 * session.shifts.atUse
    let (lowest, highest) = (bounds.lowestWall(since: start), bounds.highestWall(since: start))
    let evidence = ["\(session)", "shown \(shown), the wall clock from \(lowest) to \(highest)"]
    // No token can say less than 0: with a wall clock before 1970 it says something of the first day.
    let latest = lowest < 0 ? max(86_400_000, highest) : highest
    if shown >= latest + 1_000 { violate("an access token is issued in the future", evidence) }
    if session.shifts.atUse != 0, shown <= lowest - 2_000 {
      violate("an access token is issued in the past", evidence)
    }
    if session.shifts.atUse < 0 { violate("a shift is negative", evidence) }
    shiftsOfPairs[PairKey(token: session.tokenID, refreshedAt: session.refreshedAt)] = session.shifts.atUse
  }

  /// The identical pair keeps its shift.
  func judgeSameShift(of session: Session) {
    guard let shift = shiftsOfPairs[PairKey(token: session.tokenID, refreshedAt: session.refreshedAt)] else { return }
    if session.shifts.atUse != shift {
      violate("a pair had the shift \(shift) and has \(session.shifts.atUse) now", ["\(session)"])
    }
  }
}
