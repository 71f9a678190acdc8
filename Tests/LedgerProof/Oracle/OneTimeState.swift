internal import TokenLedger

/// What clients may know of one one-time token.
struct OneTimeState: SequentialState {
  struct Facts: Sendable {
    let grant: OneTimeGrant
  }

  enum Standing: UInt8 {
    case live
    /// Somebody was told that it has expired.
    case ended
    case consumed
    case forgotten
  }

  var standing = Standing.live
  /// Its end, between these: its issuer is not told.
  var endFrom: Int64
  var endTo: Int64
  var provenTime: Int64

  init(_ facts: Facts, issuedFrom: Int64, to: Int64) {
    endFrom = issuedFrom + facts.grant.lifetimeMilliseconds
    endTo = to + facts.grant.lifetimeMilliseconds
    provenTime = issuedFrom
  }

  var afterRestart: [OneTimeState] { [self] }

  var neverMade: OneTimeState { with(.forgotten) }

  func states(after call: TimedCall, _ facts: Facts) -> [OneTimeState] {
    guard case .consume(let purpose) = call.action, case .consumption(let outcome)? = call.outcome else { return [] }
    switch outcome {
    case .consumed(let subject, let payload):
      guard standing == .live, purpose == facts.grant.purpose, max(call.earliest, provenTime) < endTo,
        subject == facts.grant.subject, payload == facts.grant.payload
      else { return [] }
      return [with(.consumed)]
    case .refused(.wrongPurpose): return standing != .forgotten && purpose != facts.grant.purpose ? [self] : []
    case .refused(.alreadyConsumed): return standing == .consumed && purpose == facts.grant.purpose ? [self] : []
    case .refused(.expired):
      guard standing == .live || standing == .ended, purpose == facts.grant.purpose, call.latest >= endFrom else {
        return []
      }
      return [proving(endFrom).with(.ended)]
    case .refused(.unknown):
      if standing == .forgotten { return [self] }
      return call.latest >= endFrom ? [proving(endFrom).with(.forgotten)] : []
    }
  }

  func states(ifApplied call: TimedCall, _ facts: Facts) -> [OneTimeState] {
    guard case .consume(facts.grant.purpose) = call.action, standing == .live,
      max(call.earliest, provenTime) < endTo
    else { return [] }
    return [with(.consumed)]
  }

  private func with(_ standing: Standing) -> OneTimeState {
    var state = self
    state.standing = standing
    return state
  }

  /// Its time has come: its end was no later than any bound of the ledger's time.
  private func proving(_ time: Int64) -> OneTimeState {
    var state = self
    state.provenTime = max(provenTime, time)
    return state
  }
}

extension OneTimeState: CustomStringConvertible {
  var description: String { "\(standing) ends \(endFrom)…\(endTo) time at least \(provenTime)" }
}
