extension LedgerState {
  /// Returns the reason that an event read from a log cannot follow from this state, or nil if it can.
  ///
  /// A frame with a correct checksum can still hold records that contradict each other, because a faulty build wrote
  /// them or they were forged. Replay calls this before each ``apply(_:at:)``, so that no such record traps or is
  /// accepted.
  func contradiction(in event: LedgerEvent, at time: Timestamp) -> String? {
    switch event {
    case .rotated(let slot, let generation, let narrowedScope, let key):
      return contradictionInRotation(of: slot, to: generation, narrowedScope, key)
    case .proofUsed(let digest, let end):
      return contradiction(inUseOf: digest, until: end, at: time)
    case .named(let number, let text):
      guard names.isFree(number) else { return "name \(number) is not the next free one" }
      return names.number(of: text) == nil ? nil : "name \(number) is defined under another number"
    case .profiled(let number, let profile):
      guard profiles.isFree(number) else { return "profile \(number) is not the next free one" }
      guard names.isDefined(profile.client), names.isDefined(profile.scope) else {
        return "profile \(number) speaks of a name that is not defined"
      }
      return profiles.number(of: profile) == nil ? nil : "profile \(number) is defined under another number"
    case .opened(let slot, let id, let subject, let profile, let label, _, let keys, _):
      guard profiles.isDefined(profile) else { return "profile \(profile) is not defined" }
      guard label == LabelTable.none || names.isDefined(label) else { return "name \(label) is not defined" }
      guard keys.lifelong == nil || keys.ofLastUse == nil else { return "slot \(slot) is bound to two keys" }
      return contradictionInInsertion(slot: slot, id: id, subject: subject)
    case .oneTimeIssued(let slot, let id, let subject, let purpose, _, _):
      guard names.isDefined(purpose) else { return "name \(purpose) is not defined" }
      return contradictionInInsertion(slot: slot, id: id, subject: subject)
    case .retried(let slot, _), .successorSeen(let slot):
      guard holds(.live, slot), table[slot].generation > 0, !table[slot].hasSeenSuccessor else {
        return "slot \(slot) holds no session whose grace window could be open"
      }
      return nil
    case .reused(let slot, _, let behind, _):
      guard holds(.live, slot), behind > 0, behind <= table[slot].generation else {
        return "slot \(slot) holds no live session that has rotated \(behind) tokens out"
      }
      return nil
    case .reprofiled(let slot, let profile):
      return contradictionInProfile(profile, of: slot)
    case .revokedBefore(let key):
      for name in [key.subject, key.client] {
        if let name, !names.isDefined(name) { return "name \(name) is not defined" }
      }
      return nil
    case .markEnded(let key):
      return marks[key] == nil ? "a mark is ended that was never made" : nil
    case .accessRevoked:
      return nil
    case .revoked(let slot, _):
      return holds(.live, slot) ? nil : "slot \(slot) holds no live session to revoke"
    case .oneTimeConsumed(let slot):
      return holds(.oneTimeLive, slot) ? nil : "slot \(slot) holds no live one-time token to consume"
    case .expired(let slots):
      return contradictionInExpiry(of: slots)
    case .clockSeen:
      return nil
    case .shifted(let seconds):
      return shifts.contradiction(in: seconds, from: time)
    }
  }

  private func contradictionInRotation(
    of slot: UInt32, to generation: UInt32, _ narrowedScope: UInt32, _ key: Digest256?
  ) -> String? {
    guard holds(.live, slot) else { return "slot \(slot) holds no live session to rotate" }
    guard table[slot].generation &+ 1 == generation else {
      return "slot \(slot) is at generation \(table[slot].generation) and cannot go to \(generation)"
    }
    guard narrowedScope == SessionEntry.notNarrowed || names.isDefined(narrowedScope) else {
      return "name \(narrowedScope) is not defined"
    }
    return key == nil || keys[slot] == nil ? nil : "slot \(slot) is bound to a key, and rotated with another"
  }

  private func contradiction(inUseOf digest: Digest256, until end: Timestamp, at time: Timestamp) -> String? {
    guard end > time, end.millisecondsSince(time) <= KeyProof.millisecondsMax else { return "a proof's end cannot be" }
    return proofs.end(of: digest).map { $0 > time } ?? false ? "a proof is counted twice" : nil
  }

  private func contradictionInInsertion(slot: UInt32, id: SessionID, subject: UInt32) -> String? {
    guard table.isFree(slot) else { return "slot \(slot) is not free" }
    guard table.slot(of: id) == nil else { return "the id of slot \(slot) is already in use" }
    return !names.isDefined(subject) ? "name \(subject) is not defined" : nil
  }

  private func contradictionInProfile(_ number: UInt32, of slot: UInt32) -> String? {
    guard holds(.live, slot), let old = profiles[table[slot].detail] else {
      return "slot \(slot) holds no live session to give a profile"
    }
    guard let new = profiles[number], new != old else { return "profile \(number) is not defined, or nothing new" }
    return new.client == old.client && new.scope == old.scope && new.clientVersion == old.clientVersion
      ? nil : "profile \(number) is another client's or has another scope"
  }

  private func contradictionInExpiry(of slots: [UInt32]) -> String? {
    for (position, slot) in slots.enumerated() {
      guard Int(slot) < table.slotCount, table[slot].status != .free else { return "slot \(slot) holds nothing to end" }
      guard !slots[..<position].contains(slot) else { return "slot \(slot) is ended twice" }
    }
    return nil
  }

  private func holds(_ status: SessionEntry.Status, _ slot: UInt32) -> Bool {
    Int(slot) < table.slotCount && table[slot].status == status
  }
}
