internal import TokenLedger

/// What clients may know of one session: the sequential program that the ledger must look like.
struct SessionState: SequentialState {
  /// What never changes.
  struct Facts: Sendable {
    let opened: Session
    let lifetimes: Lifetimes
  }

  enum Standing: UInt8 {
    case live
    case revoked
    /// Ended, and the ledger has given its memory back.
    case forgotten
  }

  var standing = Standing.live
  /// Somebody was told that it has expired.
  var hasEnded = false
  var generation: UInt32 = 0
  /// When it was last rotated, or revoked: between these, if no answer told.
  var usedFrom: Int64
  var usedTo: Int64
  var narrowedScope: String?
  /// The ledger's time cannot be before this any more: a verdict that somebody got rests on its having passed.
  var provenTime: Int64

  init(_ facts: Facts) {
    usedFrom = facts.opened.usedAt.milliseconds
    usedTo = usedFrom
    provenTime = usedFrom
  }

  var neverMade: SessionState {
    var state = self
    state.standing = .forgotten
    return state
  }

  func states(after call: TimedCall, _ facts: Facts) -> [SessionState] {
    switch (call.action, call.outcome) {
    case (.rotate(let request), .rotation(let rotation)?): after(request, rotation, call, facts)
    case (.revoke, .revocation(true)?): standing == .live ? [revoked(call)] : []
    case (.revoke, .revocation(false)?): standing == .live ? forgetting(call, facts) : [self]
    case (.look, .looked(let session)?): looked(at: session, call, facts)
    default: []
    }
  }

  func states(ifApplied call: TimedCall, _ facts: Facts) -> [SessionState] {
    guard standing == .live else { return [] }
    switch call.action {
    case .revoke: return [revoked(call)]
    case .rotate(let request):
      guard !hasEnded, request.client == facts.opened.client, earliest(call) < endTo(facts) else { return [] }
      if request.token.generation == generation {
        let latest = min(call.latest, endTo(facts) - 1)
        return [rotated(request, from: earliest(call), to: latest)]
      }
      // Ahead of the log: proof of a rollback, which ends the session.
      if request.token.generation > generation { return [revoked(call)] }
      guard request.reuse == .revokeSession else { return [] }
      let isInGrace = generation - request.token.generation == 1 && call.latest < usedFrom + request.graceMilliseconds
      return isInGrace ? [] : [revoked(call)]
    case .look, .consume: return []
    }
  }
}

// MARK: - Rotation

extension SessionState {
  private func after(
    _ request: RotationRequest, _ rotation: Rotation, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    switch rotation {
    case .rotated(let session): return rotated(request, to: session, call, facts)
    case .replayed(let session): return replayed(request, session, call, facts)
    case .refused(.wrongClient):
      return standing != .forgotten && request.client != facts.opened.client ? [self] : []
    case .refused(.unknown):
      if standing == .forgotten { return [self] }
      return forgetting(call, facts)
    case .refused(.neverIssued(let ahead)):
      guard isUsable, request.client == facts.opened.client, earliest(call) < endTo(facts),
        request.token.generation > generation, request.token.generation - generation == ahead
      else { return [] }
      return [revoked(call)]
    case .refused(.revoked):
      return standing == .revoked && request.client == facts.opened.client ? [self] : []
    case .refused(.expired):
      guard standing == .live, request.client == facts.opened.client, call.latest >= endFrom(facts) else { return [] }
      var state = proving(endFrom(facts))
      state.hasEnded = true
      return [state]
    case .refused(.reused(let behind, let revokedSession)):
      guard isUsable, request.client == facts.opened.client, earliest(call) < endTo(facts),
        request.token.generation < generation, generation - request.token.generation == behind
      else { return [] }
      return reused(request, behind: behind, revokedSession, call)
    }
  }

  private func rotated(
    _ request: RotationRequest, to session: Session, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    let used = session.usedAt.milliseconds
    guard isUsable, request.client == facts.opened.client, request.token.generation == generation,
      session.generation == generation + 1, used >= earliest(call), used <= call.latest, used < endTo(facts),
      session.narrowedScope == request.narrowedScope, isSame(session, facts)
    else { return [] }
    return [rotated(request, from: used, to: used)]
  }

  private func replayed(
    _ request: RotationRequest, _ session: Session, _ call: TimedCall, _ facts: Facts
  ) -> [SessionState] {
    let used = session.usedAt.milliseconds
    guard isUsable, request.client == facts.opened.client, generation > 0,
      request.token.generation == generation - 1, session.generation == generation,
      (usedFrom...usedTo).contains(used), session.narrowedScope == narrowedScope,
      request.narrowedScope == narrowedScope, earliest(call) < used + request.graceMilliseconds,
      earliest(call) < end(used, facts), isSame(session, facts)
    else { return [] }
    return [knowing(used)]
  }

  private func reused(
    _ request: RotationRequest, behind: UInt32, _ revokedSession: Bool, _ call: TimedCall
  ) -> [SessionState] {
    let mayBeInGrace = behind == 1 && earliest(call) < usedTo + request.graceMilliseconds
    let mayBeAfterGrace = behind > 1 || call.latest >= usedFrom + request.graceMilliseconds
    if mayBeInGrace, !revokedSession, narrowedScope != request.narrowedScope { return [self] }
    guard mayBeAfterGrace, revokedSession == (request.reuse == .revokeSession) else { return [] }
    if revokedSession { return [revoked(call)] }
    return [behind == 1 ? proving(usedFrom + request.graceMilliseconds) : self]
  }

  private func isSame(_ session: Session, _ facts: Facts) -> Bool {
    let opened = facts.opened
    return session.id == opened.id && session.subject == opened.subject && session.client == opened.client
      && session.scope == opened.scope && session.openedAt == opened.openedAt
      && session.expiresAt.milliseconds == end(session.usedAt.milliseconds, facts)
  }
}

// MARK: - Ends and times

extension SessionState {
  private func looked(at session: Session?, _ call: TimedCall, _ facts: Facts) -> [SessionState] {
    guard let session else { return standing != .live || call.latest >= endFrom(facts) ? [self] : [] }
    let used = session.usedAt.milliseconds
    guard isUsable, session.generation == generation, (usedFrom...usedTo).contains(used),
      session.narrowedScope == narrowedScope, earliest(call) < end(used, facts), isSame(session, facts)
    else { return [] }
    return [knowing(used)]
  }

  /// The state after its memory was given back, if its time may have come.
  private func forgetting(_ call: TimedCall, _ facts: Facts) -> [SessionState] {
    var end = endFrom(facts)
    if standing == .revoked { end = max(end, usedFrom + Lifetimes.accessMillisecondsMax) }
    guard call.latest >= end else { return [] }
    var state = proving(end)
    state.standing = .forgotten
    return [state]
  }

  private func rotated(_ request: RotationRequest, from: Int64, to: Int64) -> SessionState {
    var state = proving(from)
    state.generation += 1
    state.usedFrom = from
    state.usedTo = max(from, to)
    state.narrowedScope = request.narrowedScope
    return state
  }

  private func revoked(_ call: TimedCall) -> SessionState {
    var state = self
    state.standing = .revoked
    state.usedFrom = earliest(call)
    state.usedTo = call.latest
    state.narrowedScope = nil
    return state
  }

  private func proving(_ time: Int64) -> SessionState {
    var state = self
    state.provenTime = max(provenTime, time)
    return state
  }

  private func knowing(_ used: Int64) -> SessionState {
    var state = proving(used)
    state.usedFrom = used
    state.usedTo = used
    return state
  }

  private var isUsable: Bool { standing == .live && !hasEnded }

  private func earliest(_ call: TimedCall) -> Int64 { max(call.earliest, provenTime) }

  private func endFrom(_ facts: Facts) -> Int64 { end(usedFrom, facts) }

  private func endTo(_ facts: Facts) -> Int64 { end(usedTo, facts) }

  private func end(_ used: Int64, _ facts: Facts) -> Int64 {
    min(
      used + facts.lifetimes.idleMilliseconds,
      facts.opened.openedAt.milliseconds + facts.lifetimes.absoluteMilliseconds)
  }
}

extension SessionState: CustomStringConvertible {
  var description: String {
    "\(standing)\(hasEnded ? ", ended," : "") generation \(generation) used \(usedFrom)…\(usedTo) scope \(narrowedScope ?? "all") "
      + "time at least \(provenTime)"
  }
}
