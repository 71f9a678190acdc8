/// Giving back what wide revocations ended.
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
