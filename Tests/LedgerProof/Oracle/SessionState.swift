internal import TokenLedger

/// What clients may know of one session: the sequential program that the ledger must look like.
struct SessionState: SequentialState {
  /// What never changes.
  struct Facts: Sendable {
    let opened: Session
    let terms: SessionTerms
    var subjectVersion = AccountVersion.unknown
    var clientVersion = AccountVersion.unknown

    /// The key that the session is bound to for its life.
    var key: Digest256? { opened.keys.lifelong }
  }

  enum Standing: UInt8 {
    case live
    case revoked
    /// A wide revocation ended it, and its memory may be given back at any time.
    case covered
    /// Ended, and the ledger has given its memory back.
    case forgotten
  }

  /// Whether the live token was seen as an access token.
  enum SuccessorUse: UInt8 {
    case unseen
    /// It was, and the ledger knows it as long as it lives; a crash may take it, for nobody waited for its record.
    case seen
    /// A later record that was waited for rests on it.
    case proven
  }

  var standing = Standing.live
  /// Somebody was told that it has expired.
  var hasEnded = false
  var generation: UInt32 = 0
  /// When it was last rotated, or revoked: between these, if no answer told.
  var usedFrom: Int64
  var usedTo: Int64
  var narrowedScope: String?
  /// The key of the last rotation, of a session that is bound to none for its life.
  var accessKey: Digest256?
  var terms: SessionTerms
  var successorUse = SuccessorUse.unseen
  /// No wide revocation that covers it was before this; nil while none does.
  var coveredFrom: Int64?
  /// The ledger's time cannot be before this any more: a verdict that somebody got rests on its having passed.
  var provenTime: Int64
  /// The question of the call that changed it last, if that was the first try of it: the next try finds it.
  var firstTry: Int?

  init(_ facts: Facts) {
    usedFrom = facts.opened.refreshedAt.milliseconds
    usedTo = usedFrom
    provenTime = usedFrom
    terms = facts.terms
    accessKey = facts.opened.keys.ofLastUse
  }

  var neverMade: SessionState {
    var state = self
    state.standing = .forgotten
    return state
  }

  var afterRestart: [SessionState] {
    // Whoever asked for it is gone.
    var state = self
    state.firstTry = nil
    guard successorUse == .seen else { return [state] }
    var (kept, lost) = (state, state)
    kept.successorUse = .proven
    lost.successorUse = .unseen
    return [kept, lost]
  }

  func states(after call: TimedCall, _ facts: Facts) -> [SessionState] {
    // A try that finds what the one before did says that and nothing else, which is as if there had been one.
    if firstTry == call.invoked { return [] }
    return switch (call.action, call.outcome) {
    case (.rotate(let request), .rotation(let rotation)?): after(request, rotation, call, facts)
    case (.revoke, .revocation(true)?): standing == .live ? [revoked(call)] : []
    case (.revoke, .revocation(false)?): standing == .live ? ended(call, facts) : [self]
    case (.revokeAll, .done?): [covered(call)]
    case (.revokeLive, .done?): coveredIfLive(call, facts)
    case (.noteSuccessor(let generation, let grace), .done?): noting(generation, grace, call)
    case (.look, .looked(let session)?): looked(at: session, call, facts)
    default: []
    }
  }

  func states(ifApplied call: TimedCall, _ facts: Facts) -> [SessionState] {
    if case .revokeAll = call.action { return standing == .forgotten ? [] : [covered(call)] }
    if case .revokeLive = call.action { return coveredIfLive(call, facts).filter { $0 != self } }
    guard standing == .live else { return [] }
    switch call.action {
    case .revoke, .evict: return [revoked(call)]
    case .rotate(let request): return rotations(ifApplied: request, call, facts)
    case .look, .consume, .revokeAll, .revokeLive, .noteSuccessor: return []
    }
  }

  private func rotations(ifApplied request: RotationRequest, _ call: TimedCall, _ facts: Facts) -> [SessionState] {
    let latestEnd = endTo(facts, request.terms)
    guard !hasEnded, request.client == facts.opened.client, hasKey(request, facts), earliest(call) < latestEnd else {
      return []
    }
    if isOutdated(request, facts) { return request.revokesOutdated && call.tries != .first ? [revoked(call)] : [] }
    if request.token.generation == liveToken {
      var state = rotated(request, facts, from: earliest(call), to: min(call.latest, latestEnd - 1))
      if call.tries == .first { state.firstTry = call.invoked }
      return [state]
    }
    // It would say so, also if it was tried again.
    guard call.tries != .first else { return [] }
    // Ahead of the log: proof of a rollback, which ends the session.
    if request.token.generation > liveToken { return [revoked(call)] }
    guard request.reuse == .revokeSession else { return [] }
    let isInGrace =
      generation - request.token.generation == 1 && successorUse == .unseen
      && call.latest < usedFrom + request.graceMilliseconds
    return isInGrace ? [] : [revoked(call)]
  }
}

// MARK: - Changes

extension SessionState {
  func rotated(_ request: RotationRequest, _ facts: Facts, from: Int64, to: Int64) -> SessionState {
    var state = proving(from)
    state.firstTry = nil
    state.generation += 1
    state.usedFrom = from
    state.usedTo = max(from, to)
    state.narrowedScope = request.narrowedScope
    state.accessKey = facts.key == nil ? request.proof?.key : nil
    state.successorUse = .unseen
    if let terms = request.terms { state.terms = termsAfter(terms) }
    return state
  }

  /// A session whose token is consumed at each refresh keeps that.
  func termsAfter(_ new: SessionTerms) -> SessionTerms {
    SessionTerms(lifetimes: new.lifetimes, rotation: terms.rotation == .never ? new.rotation : .always)
  }

  func revoked(_ call: TimedCall) -> SessionState {
    var state = self
    state.firstTry = nil
    state.standing = .revoked
    state.usedFrom = earliest(call)
    state.usedTo = call.latest
    state.narrowedScope = nil
    state.successorUse = .unseen
    return state
  }

  private func covered(_ call: TimedCall) -> SessionState {
    var state = self
    state.firstTry = nil
    // Of what was never made nobody can say when.
    if coveredFrom == nil, standing != .forgotten { state.coveredFrom = earliest(call) }
    if standing == .live { state.standing = .covered }
    state.narrowedScope = nil
    state.successorUse = .unseen
    return state
  }

  private func coveredIfLive(_ call: TimedCall, _ facts: Facts) -> [SessionState] {
    guard standing == .live, !hasEnded else { return [self] }
    guard call.latest >= endFrom(facts) else { return [covered(call)] }
    var ended = proving(endFrom(facts))
    ended.hasEnded = true
    return earliest(call) < endTo(facts) ? [covered(call), ended] : [ended]
  }

  /// The use counts for the generation that is live, and if a grace window was open for certain.
  private func noting(_ noted: UInt32, _ grace: Int64, _ call: TimedCall) -> [SessionState] {
    guard standing == .live, noted == generation, successorUse == .unseen else { return [self] }
    var state = self
    state.successorUse = .seen
    return call.latest < usedFrom + grace ? [state] : [state, self]
  }

  func proving(_ time: Int64) -> SessionState {
    var state = self
    state.provenTime = max(provenTime, time)
    return state
  }

  func knowing(_ used: Int64) -> SessionState {
    var state = proving(used)
    state.usedFrom = used
    state.usedTo = used
    return state
  }

  /// Expired, and its memory given back or not yet.
  private func ended(_ call: TimedCall, _ facts: Facts) -> [SessionState] {
    var kept = proving(endFrom(facts))
    kept.hasEnded = true
    return forgetting(call, facts) + (call.latest >= endFrom(facts) ? [kept] : [])
  }

  /// The state after its memory was given back, if its time may have come.
  func forgetting(_ call: TimedCall, _ facts: Facts) -> [SessionState] {
    var end = endFrom(facts)
    switch standing {
    case .live: break
    case .revoked: end = max(end, usedFrom + Lifetimes.accessMillisecondsMax)
    case .covered, .forgotten: end = provenTime
    }
    guard call.latest >= end else { return [] }
    var state = proving(end)
    state.standing = .forgotten
    return [state]
  }
}

// MARK: - Ends and times

extension SessionState {
  /// Checks whether the request proves the key that the session is bound to.
  func hasKey(_ request: RotationRequest, _ facts: Facts) -> Bool {
    facts.key == nil || request.proof?.key == facts.key
  }

  var isUsable: Bool { standing == .live && !hasEnded }

  /// The generation of the refresh token that works.
  var liveToken: UInt32 { terms.rotation == .never ? 0 : generation }

  func earliest(_ call: TimedCall) -> Int64 { max(call.earliest, provenTime) }

  func isOutdated(_ request: RotationRequest, _ facts: Facts) -> Bool {
    guard facts.subjectVersion != .unknown else {
      return request.notBefore.map { facts.opened.openedAt < $0 } ?? false
    }
    if let version = request.subjectVersion, version != facts.subjectVersion { return true }
    guard facts.clientVersion != .unknown else { return false }
    return request.clientVersion.map { $0 != facts.clientVersion } ?? false
  }

  func endFrom(_ facts: Facts, _ other: SessionTerms? = nil) -> Int64 { end(usedFrom, facts, other) }

  func endTo(_ facts: Facts, _ other: SessionTerms? = nil) -> Int64 { end(usedTo, facts, other) }

  func end(_ used: Int64, _ facts: Facts, _ other: SessionTerms? = nil) -> Int64 {
    [terms, other ?? terms].map { terms in
      min(
        used + terms.lifetimes.idleMilliseconds,
        facts.opened.openedAt.milliseconds + terms.lifetimes.absoluteMilliseconds)
    }.min() ?? .max
  }
}

extension SessionState: CustomStringConvertible {
  var description: String {
    "\(standing)\(hasEnded ? ", ended," : "") generation \(generation) used \(usedFrom)…\(usedTo) scope \(narrowedScope ?? "all") "
      + "\(terms.rotation) idle \(terms.lifetimes.idleMilliseconds) absolute \(terms.lifetimes.absoluteMilliseconds) "
      + "successor \(successorUse) \(coveredFrom.map { "covered from \($0) " } ?? "")time at least \(provenTime)"
  }
}
