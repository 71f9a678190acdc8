/// What is to happen to a presented refresh token. Pure: made from the state, changes nothing.
enum RotationDecision: Equatable {
  case rotate(slot: UInt32)
  case replay(slot: UInt32)
  /// `provenBy`: the moment that must have passed for the verdict to hold; nil where time plays no part in it.
  case refuse(RotationRefusal, provenBy: Timestamp? = nil)
  case revoke(slot: UInt32, generationsBehind: UInt32)
  /// The token proves that the log is older than what was served from it.
  case endRolledBack(slot: UInt32, generationsAhead: UInt32)
}

enum OneTimeDecision: Equatable {
  case consume(slot: UInt32)
  case refuse(OneTimeRefusal, provenBy: Timestamp? = nil)
}

extension LedgerState {
  /// The verdict on a refresh token. What only the client got wrong (its id) is told before anything about the token's age,
  /// and neither consumes nor revokes.
  func decide(_ request: RotationRequest, at now: Timestamp) -> RotationDecision {
    guard let slot = table.slot(of: request.token.session) else { return .refuse(.unknown) }
    let entry = table[slot]
    guard entry.isSession, let profile = profiles[entry.detail] else { return .refuse(.unknown) }
    guard names[profile.client].isSame(as: request.client) else { return .refuse(.wrongClient) }
    guard entry.status == .live else { return .refuse(.revoked) }
    let end = expiry(of: entry)
    guard now < end else { return .refuse(.expired, provenBy: end) }
    let presented = request.token.generation
    if presented == entry.generation {
      // 2^32 - 1 rotations: the session has no number left for a successor.
      return entry.generation == .max ? .refuse(.expired) : .rotate(slot: slot)
    }
    // Signed by us and not known: the log was restored from an older copy, or was not synced before a power loss. The
    // token that is live here was spent then.
    guard presented < entry.generation else {
      return .endRolledBack(slot: slot, generationsAhead: presented - entry.generation)
    }
    return decideReuse(request, of: entry, in: slot, at: now)
  }

  private func decideReuse(
    _ request: RotationRequest, of entry: SessionEntry, in slot: UInt32, at now: Timestamp
  ) -> RotationDecision {
    let behind = entry.generation - request.token.generation
    let graceEnd = entry.usedAt.advanced(byMilliseconds: request.graceMilliseconds)
    if behind == 1, now < graceEnd {
      let scope = entry.narrowedScope == SessionEntry.notNarrowed ? nil : names[entry.narrowedScope]
      // Asked for another scope than the lost reply had: refused, but no sign of theft.
      return scope.isSame(as: request.narrowedScope)
        ? .replay(slot: slot) : .refuse(.reused(generationsBehind: 1, revokedSession: false))
    }
    switch request.reuse {
    case .revokeSession:
      return .revoke(slot: slot, generationsBehind: behind)
    case .refuse:
      let refusal = RotationRefusal.reused(generationsBehind: behind, revokedSession: false)
      return .refuse(refusal, provenBy: behind == 1 ? graceEnd : nil)
    }
  }

  /// The verdict on a one-time token presented for a purpose.
  func decide(consuming id: SessionID, purpose: String, at now: Timestamp) -> OneTimeDecision {
    guard let slot = table.slot(of: id), !table[slot].isSession else { return .refuse(.unknown) }
    let entry = table[slot]
    guard names[entry.detail].isSame(as: purpose) else { return .refuse(.wrongPurpose) }
    guard entry.status == .oneTimeLive else { return .refuse(.alreadyConsumed) }
    guard now < entry.usedAt else { return .refuse(.expired, provenBy: entry.usedAt) }
    return .consume(slot: slot)
  }
}
