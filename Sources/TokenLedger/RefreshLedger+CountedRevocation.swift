/// Wide revocations that say how many sessions they ended.
extension RefreshLedger {
  /// As ``revoke(_:)-(SessionScope)``, and returns how many live sessions ended.
  ///
  /// Of a subject they are counted in the step that ends them. Of a client or of all they are counted in steps of their own just before,
  /// since one step would hold up every other caller: a session that is opened or ends meanwhile may be counted wrong.
  public nonisolated func revokeAndCount(_ scope: SessionScope) async throws(LedgerFailure) -> Int {
    var count = 0
    if scope.isOfOneSubject {
      let staged = try await stageCountedRevocation(scope)
      try await durable(through: staged.sequence)
      return staged.outcome
    }
    var next: Int? = 0
    while let slot = next {
      let step = await countLive(of: scope, from: slot)
      count += step.count
      next = step.next
    }
    try await revoke(scope)
    return count
  }

  private func stageCountedRevocation(_ scope: SessionScope) throws(LedgerFailure) -> Staged<Int> {
    let now = now()
    let spellings = otherSpellings
    let count = inPlace { state in
      state.scopes(meantBy: scope, spellings).reduce(0) { sum, scope in
        guard let key = state.key(of: scope), let subject = key.subject else { return sum }
        return sum + state.bySubject.slots(of: subject).count { state.isLive($0, key, at: now) }
      }
    }
    let staged = try stageRevocation(scope)
    return Staged(outcome: count, sequence: staged.sequence, time: staged.time)
  }

  /// The most slots that one step looks at: a fraction of a millisecond.
  private static let countedPerStep = 4096

  /// - Returns: how many there are in one step, and where to go on; nil at the end.
  private func countLive(of scope: SessionScope, from slot: Int) -> (count: Int, next: Int?) {
    let now = now()
    let spellings = otherSpellings
    return inPlace { state in
      // The numbers of names may have changed since the step before.
      let keys = state.scopes(meantBy: scope, spellings).compactMap { state.key(of: $0) }
      guard !keys.isEmpty, slot < state.table.slotCount else { return (0, nil) }
      let end = min(slot + Self.countedPerStep, state.table.slotCount)
      let count = (slot..<end).count { slot in keys.contains { state.isLive(UInt32(slot), $0, at: now) } }
      return (count, end < state.table.slotCount ? end : nil)
    }
  }
}

extension SessionScope {
  fileprivate var isOfOneSubject: Bool {
    switch self {
    case .subject, .subjectAtClient: true
    case .client, .all: false
    }
  }
}

extension LedgerState {
  /// Whether a slot holds a live session of a key's subject and client.
  fileprivate func isLive(_ slot: UInt32, _ key: MarkKey, at now: Timestamp) -> Bool {
    guard isUsable(slot, at: now) else { return false }
    return (key.subject == nil || key.subject == table[slot].subject)
      && (key.client == nil || key.client == client(of: slot))
  }
}
