internal import Platform

/// What is to happen to a presented refresh token. Pure: made from the state, changes nothing.
enum RotationDecision: Equatable {
  case rotate(slot: UInt32)
  case replay(slot: UInt32, ReuseClass)
  /// `provenBy`: the moment that must have passed for the verdict to hold; nil where time plays no part in it.
  case refuse(RotationRefusal, provenBy: Timestamp? = nil)
  case refuseReuse(slot: UInt32, ReuseClass, generationsBehind: UInt32, revokes: Bool)
  /// The token proves that the log is older than what was served from it.
  case endRolledBack(slot: UInt32, generationsAhead: UInt32)
  /// Opened under another version of an account than the request calls for.
  case endOutdated(slot: UInt32, generationsBehind: UInt32)
}

enum OneTimeDecision: Equatable {
  case consume(slot: UInt32)
  case refuse(OneTimeRefusal, provenBy: Timestamp? = nil)
}

extension LedgerState {
  /// The verdict on a refresh token. What only the client got wrong (its id) is told before anything about the token's age,
  /// and neither consumes nor revokes.
  ///
  /// - Parameter slot: where the token's session is; nil for nowhere.
  func decide(_ request: RotationRequest, of slot: UInt32?, at now: Timestamp) -> RotationDecision {
    guard let slot else { return .refuse(.unknown) }
    let entry = table[slot]
    guard entry.isSession, let profile = profiles[entry.detail] else { return .refuse(.unknown) }
    guard names[profile.client].hasSameBytes(as: request.client) else { return .refuse(.wrongClient) }
    let presented = request.token.generation
    let live = profile.terms.rotation == .never ? 0 : entry.generation
    let behind = live - min(presented, live)
    guard entry.status == .live, !isCovered(entry) else { return .refuse(.revoked(generationsBehind: behind)) }
    var end = expiry(of: entry, under: profile.terms.lifetimes)
    if let terms = request.terms { end = min(end, expiry(of: entry, under: terms.lifetimes)) }
    guard now < end else { return .refuse(.expired(generationsBehind: behind), provenBy: end) }
    if isOutdated(entry, profile, for: request) {
      return request.revokesOutdated
        ? .endOutdated(slot: slot, generationsBehind: behind)
        : .refuse(.outdated(generationsBehind: behind, revokedSession: false))
    }
    // Signed by us and not known: the log was restored from an older copy, or was not synced before a power loss. The
    // token that is live here was spent then.
    guard presented <= live else { return .endRolledBack(slot: slot, generationsAhead: presented - live) }
    guard presented < live else {
      // 2^32 - 1 rotations: the session has no number left for a successor.
      return entry.generation == .max ? .refuse(.expired(generationsBehind: 0)) : .rotate(slot: slot)
    }
    return decideReuse(request, of: entry, in: slot, at: now)
  }

  /// Versions say it; a session without them, from a log of format 1, by the time of its opening.
  private func isOutdated(
    _ entry: SessionEntry, _ profile: SessionProfile, for request: RotationRequest
  ) -> Bool {
    guard entry.version != .unknown else { return request.notBefore.map { entry.openedAt < $0 } ?? false }
    if let version = request.subjectVersion, version != entry.version { return true }
    guard let version = request.clientVersion, profile.clientVersion != .unknown else { return false }
    return version != profile.clientVersion
  }

  private func decideReuse(
    _ request: RotationRequest, of entry: SessionEntry, in slot: UInt32, at now: Timestamp
  ) -> RotationDecision {
    let behind = entry.generation - request.token.generation
    let isUnused = behind == 1 && !entry.hasUsedSuccessor
    let isInGrace = isUnused && now < entry.usedAt.advanced(byMilliseconds: request.graceMilliseconds)
    let isRace = isUnused && now < entry.usedAt.advanced(byMilliseconds: ReuseClass.raceMilliseconds)
    let reuse: ReuseClass = behind > 1 ? .staleLineage : isRace ? .race : isInGrace ? .retry : .lateParent
    if isInGrace {
      let scope = entry.narrowedScope == SessionEntry.notNarrowed ? nil : names[entry.narrowedScope]
      // Asked for another scope than the lost reply had: refused, but no sign of theft.
      return scope.hasSameBytes(as: request.narrowedScope)
        ? .replay(slot: slot, reuse)
        : .refuseReuse(slot: slot, reuse, generationsBehind: behind, revokes: false)
    }
    return .refuseReuse(
      slot: slot, reuse, generationsBehind: behind, revokes: request.reuse == .revokeSession)
  }

  /// The verdict on a one-time token presented for a purpose.
  func decide(consuming id: SessionID, purpose: String, at now: Timestamp) -> OneTimeDecision {
    guard let slot = table.slot(of: id), !table[slot].isSession else { return .refuse(.unknown) }
    let entry = table[slot]
    guard names[entry.detail].hasSameBytes(as: purpose) else { return .refuse(.wrongPurpose) }
    guard entry.status == .oneTimeLive else { return .refuse(.alreadyConsumed) }
    guard now < entry.usedAt else { return .refuse(.expired, provenBy: entry.usedAt) }
    return .consume(slot: slot)
  }
}
