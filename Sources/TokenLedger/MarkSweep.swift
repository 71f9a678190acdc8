/// Work that a wide revocation leaves: what it covers is freed step by step.
enum MarkSweep {
  /// The first of the subject's sessions, as many times; one that is not covered goes to the end of the list.
  case subject(UInt32, remaining: Int)
  case slots(from: UInt32)
}

extension LedgerState {
  /// The covered ones of the first `most` sessions of a subject, and how many were looked at; the others go to the end of the list.
  mutating func takeCovered(of subject: UInt32, most: Int) -> (covered: [UInt32], seen: Int) {
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
