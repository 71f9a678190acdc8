internal import RotationModel

/// What the calls of a ledger meet instead of an answer, as a test has ordered it.
struct LedgerFaults: Sendable {
  /// What a call is for.
  enum Purpose: Sendable {
    case looking, changing
    /// Changing, with a place for something new.
    case opening
  }

  private struct Fault: Sendable {
    let error: LedgerError
    let isAfterEffect: Bool
    let since: Timestamp
    /// How many calls are still to meet it; nil for all.
    var callsLeft: Int?

    func concerns(_ purpose: Purpose) -> Bool {
      switch error {
      case .full: purpose == .opening
      case .unavailable: true
      case .overloaded, .outcomeUnknown, .closed, .invalid: purpose != .looking
      }
    }
  }

  private var faults: [Fault] = []
  /// Why nothing can be changed any more.
  private var closingReason: String?

  mutating func order(_ error: LedgerError, times: Int?, afterEffect: Bool, at now: Timestamp) {
    if let times { precondition(times > 0, "a failure that no call meets") }
    switch error {
    case .outcomeUnknown, .closed: break
    case .overloaded, .unavailable, .full: precondition(!afterEffect, "\(error) is said of calls that changed nothing")
    case .invalid: preconditionFailure("what is outside its limit is the caller's")
    }
    faults.append(Fault(error: error, isAfterEffect: afterEffect, since: now, callsLeft: times))
  }

  mutating func end() { faults = [] }

  mutating func close(_ reason: String) {
    closingReason = closingReason ?? reason
  }

  /// Throws what a call meets before its effect, and gives what it meets after it.
  mutating func meet(_ purpose: Purpose) throws(LedgerError) -> LedgerError? {
    if let closingReason, purpose != .looking { throw .closed(closingReason) }
    guard let index = faults.firstIndex(where: { $0.concerns(purpose) }) else { return nil }
    let fault = faults[index]
    if let left = fault.callsLeft { faults[index].callsLeft = left - 1 }
    if faults[index].callsLeft == 0 { faults.remove(at: index) }
    if case .closed(let reason) = fault.error { close(reason) }
    if fault.isAfterEffect { return fault.error }
    throw fault.error
  }

  var health: LedgerHealth.State {
    if let closingReason { return .closed(closingReason) }
    for fault in faults where fault.callsLeft == nil {
      switch fault.error {
      case .unavailable: return .unavailable(since: fault.since)
      case .overloaded: return .stalled
      case .outcomeUnknown, .closed, .full, .invalid: continue
      }
    }
    return .acceptsChanges
  }
}
