internal import RotationModel

/// The failures of a ledger's calls, as a test has ordered them.
struct LedgerFaults: Sendable {
  /// The purpose of a call.
  enum Purpose: Sendable {
    case looking, changing
    /// A change that needs room for a new entry.
    case opening
  }

  private struct Fault: Sendable {
    let error: LedgerError
    let isAfterEffect: Bool
    let since: Timestamp
    /// The number of calls that are still to fail, or nil for all.
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
  /// The reason that nothing can be changed any more, or nil.
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

  /// Returns the error with which a call fails after its effect, or nil for none.
  ///
  /// - Throws: The error with which the call fails before its effect.
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
