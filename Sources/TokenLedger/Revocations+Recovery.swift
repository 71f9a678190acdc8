extension Revocations {
  /// Takes over what a state that was read from disk knows.
  func fill(from state: borrowing LedgerState) {
    for (key, time) in state.marks.sorted() { mark(state.scope(of: key), at: time) }
    for (token, end) in state.revokedTokens where end > state.highestTime { insert(token, until: end) }
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      if entry.status == .revoked { insert(entry.id) }
      guard entry.status == .live, !state.marks.isEmpty, let profile = state.profiles[entry.detail] else { continue }
      noteOpening(
        entry.id, subject: state.name(entry.subject), client: state.name(profile.client),
        at: entry.openedAt)
    }
  }
}
