extension AuditEvent {
  /// Creates the audit event of a record, or returns nil for a record that only serves the log itself.
  ///
  /// `state` is the state before the event.
  package init?(_ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState) {
    guard let fact = Self.fact(of: event, before: state) else { return nil }
    self.init(sequence: sequence, time: state.shifts.wallTime(of: time), fact: fact)
  }

  private static func fact(of event: LedgerEvent, before state: borrowing LedgerState) -> Fact? {
    switch event {
    case .named, .profiled, .clockSeen, .shifted, .markEnded, .reprofiled, .proofUsed:
      return nil
    case .opened(_, let id, let subject, let number, let label, _, _, _):
      guard let profile = state.profiles[number] else { return nil }
      return .opened(
        TokenID(session: id, generation: 0), subject: state.name(subject), client: state.name(profile.client),
        scope: state.name(profile.scope), label: label == LabelTable.none ? nil : state.name(label))
    case .rotated(let slot, let generation, _, _):
      let (token, subject, client) = state.who(slot, generation: generation)
      return state.profiles[state.table[slot].detail]?.terms.rotation == .never
        ? .refreshed(token, subject: subject, client: client) : .rotated(token, subject: subject, client: client)
    case .retried(let slot, let reuse):
      let (token, subject, client) = state.who(slot)
      return .retried(token, subject: subject, client: client, reuse)
    case .successorSeen(let slot):
      let (token, subject, client) = state.who(slot)
      return .successorSeen(token, subject: subject, client: client)
    case .reused(let slot, let reuse, let behind, let revokes):
      let (token, subject, client) = state.who(slot, generation: state.table[slot].generation - behind)
      return .reused(
        token, subject: subject, client: client, reuse, generationsBehind: behind, revokedSession: revokes)
    case .revoked(let slot, let cause):
      let (token, subject, client) = state.who(slot)
      return .revoked(token.session, subject: subject, client: client, cause)
    case .revokedBefore(let key):
      return .revokedAll(state.scope(of: key))
    case .accessRevoked(let token, let end):
      return .accessRevoked(token, until: end.shifted(back: state.shifts.seconds))
    case .expired(let slots):
      let sessions = slots.count { state.table[$0].status == .live && !state.isCovered(state.table[$0]) }
      let oneTimeTokens = slots.count { state.table[$0].status == .oneTimeLive }
      return sessions + oneTimeTokens == 0 ? nil : .expired(sessions: sessions, oneTimeTokens: oneTimeTokens)
    case .oneTimeIssued(_, let id, let subject, let purpose, _, _):
      return .oneTimeIssued(id, subject: state.name(subject), purpose: state.name(purpose))
    case .oneTimeConsumed(let slot):
      let entry = state.table[slot]
      return .oneTimeConsumed(entry.id, subject: state.name(entry.subject), purpose: state.name(entry.detail))
    }
  }
}

extension LedgerState {
  /// Returns the token of a session, with its subject and its client.
  fileprivate func who(_ slot: UInt32, generation: UInt32? = nil) -> (TokenID, subject: String, client: String) {
    let entry = table[slot]
    return (
      TokenID(session: entry.id, generation: generation ?? entry.generation), name(entry.subject),
      profiles[entry.detail].map { name($0.client) } ?? ""
    )
  }
}
