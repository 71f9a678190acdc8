internal import TokenLedger

/// What an answer says of the state, if it can be given in it.
extension SessionState {
  func after(
    _ request: RotationRequest, _ rotation: Rotation, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    switch rotation {
    case .rotated(let session): return rotated(request, to: session, .always, call, facts)
    case .refreshed(let session): return rotated(request, to: session, .never, call, facts)
    case .retried(let session, let reuse): return replayed(request, session, reuse, call, facts)
    case .refused(.wrongClient):
      return standing != .forgotten && request.client != facts.opened.client ? [self] : []
    case .refused(.replayedProof):
      // The oracle of all sessions knows which proofs were accepted.
      return request.proof == nil ? [] : [self]
    case .refused(.lateProof):
      return request.proof.map { call.latest >= $0.end.milliseconds } ?? false ? [self] : []
    case .refused(.missingKey):
      return isOfClient(request, facts) && facts.key != nil && request.proof == nil ? [self] : []
    case .refused(.otherKey):
      return isOfClient(request, facts) && facts.key != nil && request.proof != nil && request.proof?.key != facts.key
        ? [self] : []
    case .refused(.unknown):
      return standing == .forgotten ? [self] : forgetting(call, facts)
    case .refused(.neverIssued(let ahead)):
      guard mayBeJudged(request, call, facts), request.token.generation > liveToken,
        request.token.generation - liveToken == ahead
      else { return [] }
      return call.tries == .again ? [revoked(call), self] : [revoked(call)]
    case .refused(.revoked(let behind)):
      guard request.client == facts.opened.client, hasKey(request, facts), behind == generationsBehind(request) else {
        return []
      }
      return standing == .revoked || standing == .covered ? [self] : []
    case .refused(.outdated(let behind, let revokedSession)):
      guard isUsable, request.client == facts.opened.client, hasKey(request, facts),
        behind == generationsBehind(request), earliest(call) < endTo(facts, request.terms), isOutdated(request, facts),
        mayHaveEnded(revokedSession, request.revokesOutdated, call)
      else { return [] }
      return revokedSession ? [revoked(call)] : [self]
    case .refused(.expired(let behind)):
      let end = endFrom(facts, request.terms)
      guard standing == .live, request.client == facts.opened.client, hasKey(request, facts), call.latest >= end,
        behind == generationsBehind(request)
      else { return [] }
      var state = proving(end)
      // Shorter terms end it only for whoever calls for them.
      if request.terms == nil { state.hasEnded = true }
      return [state]
    case .refused(.reused(let reuse, let behind, let revokedSession)):
      guard mayBeJudged(request, call, facts), terms.rotation == .always,
        request.token.generation < generation, generation - request.token.generation == behind
      else { return [] }
      return reused(request, reuse, behind: behind, revokedSession, call, facts)
    }
  }

  private func isOfClient(_ request: RotationRequest, _ facts: Facts) -> Bool {
    standing != .forgotten && request.client == facts.opened.client
  }

  private func generationsBehind(_ request: RotationRequest) -> UInt32 {
    liveToken - min(liveToken, request.token.generation)
  }

  /// Whether its client may be told something of the token's generation.
  private func mayBeJudged(_ request: RotationRequest, _ call: TimedCall, _ facts: Facts) -> Bool {
    isUsable && request.client == facts.opened.client && hasKey(request, facts)
      && earliest(call) < endTo(facts, request.terms) && !isOutdated(request, facts)
  }

  private func rotated(
    _ request: RotationRequest, to session: Session, _ policy: RotationPolicy, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    let used = session.refreshedAt.milliseconds
    guard isUsable, request.client == facts.opened.client, hasKey(request, facts),
      request.token.generation == liveToken, session.generation == generation + 1, used >= earliest(call),
      used <= call.latest,
      used < endTo(facts, request.terms), session.narrowedScope == request.narrowedScope,
      !isOutdated(request, facts)
    else { return [] }
    let state = rotated(request, facts, from: used, to: used)
    return state.terms.rotation == policy && state.isSame(session, facts) ? [state] : []
  }

  private func replayed(
    _ request: RotationRequest, _ session: Session, _ reuse: ReuseClass, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    let used = session.refreshedAt.milliseconds
    guard mayBeJudged(request, call, facts), terms.rotation == .always, successorUse == .unseen, generation > 0,
      request.token.generation == generation - 1, session.generation == generation,
      (usedFrom...usedTo).contains(used), session.narrowedScope == narrowedScope,
      request.narrowedScope == narrowedScope, request.proof?.key == facts.key ?? accessKey,
      earliest(call) < used + request.graceMilliseconds,
      earliest(call) < end(used, facts, request.terms), isSame(session, facts)
    else { return [] }
    let isRaceOver = call.latest >= used + ReuseClass.raceMilliseconds
    let mayBeRace = earliest(call) < used + ReuseClass.raceMilliseconds
    guard reuse == .race && mayBeRace || reuse == .retry && isRaceOver else { return [] }
    return [knowing(used)]
  }

  private func reused(
    _ request: RotationRequest, _ reuse: ReuseClass, behind: UInt32, _ revokedSession: Bool, _ call: TimedCall,
    _ facts: Facts
  ) -> [SessionState] {
    if behind > 1 {
      guard reuse == .staleLineage, mayHaveEnded(revokedSession, request.reuse == .revokeSession, call) else {
        return []
      }
      return revokedSession ? [revoked(call)] : [self]
    }
    if successorUse != .unseen {
      guard reuse == .lateParent, mayHaveEnded(revokedSession, request.reuse == .revokeSession, call) else { return [] }
      var state = revokedSession ? revoked(call) : self
      if !revokedSession { state.successorUse = .proven }
      return [state]
    }
    let (from, to) = (usedFrom + request.graceMilliseconds, usedTo + request.graceMilliseconds)
    let (raceFrom, raceTo) = (usedFrom + ReuseClass.raceMilliseconds, usedTo + ReuseClass.raceMilliseconds)
    let mayBe: Bool =
      switch reuse {
      case .race: earliest(call) < raceTo
      case .retry: call.latest >= raceFrom && earliest(call) < to
      case .lateParent: call.latest >= max(from, raceFrom)
      case .staleLineage: false
      }
    guard mayBe else { return [] }
    let isOther = narrowedScope != request.narrowedScope || request.proof?.key != facts.key ?? accessKey
    if earliest(call) < to, !revokedSession, isOther { return [self] }
    guard reuse != .retry, call.latest >= from,
      mayHaveEnded(revokedSession, request.reuse == .revokeSession, call)
    else { return [] }
    return [revokedSession ? revoked(call) : proving(from)]
  }

  /// Whether a verdict that ends the session, or only says so, can have done what it says: a retry ends none.
  private func mayHaveEnded(_ hasEnded: Bool, _ isWanted: Bool, _ call: TimedCall) -> Bool {
    hasEnded == isWanted || !hasEnded && call.tries == .again
  }

  func looked(at session: Session?, _ call: TimedCall, _ facts: Facts) -> [SessionState] {
    guard let session else { return standing != .live || call.latest >= endFrom(facts) ? [self] : [] }
    let used = session.refreshedAt.milliseconds
    guard isUsable, session.generation == generation, (usedFrom...usedTo).contains(used),
      session.narrowedScope == narrowedScope, earliest(call) < end(used, facts), isSame(session, facts)
    else { return [] }
    return [knowing(used)]
  }

  private func isSame(_ session: Session, _ facts: Facts) -> Bool {
    let opened = facts.opened
    return session.id == opened.id && session.subject == opened.subject && session.client == opened.client
      && session.scope == opened.scope && session.label == opened.label && session.openedAt == opened.openedAt
      && session.rotation == terms.rotation && session.attributes == opened.attributes
      && session.keys == SessionKeys(lifelong: facts.key, ofLastUse: accessKey)
      && session.idleEnd.milliseconds == session.refreshedAt.milliseconds + terms.lifetimes.idleMilliseconds
      && session.absoluteEnd.milliseconds == opened.openedAt.milliseconds + terms.lifetimes.absoluteMilliseconds
  }
}
