internal import RotationModel
internal import Synchronization

/// All events of a ``DictionaryLedger``, and the consumers that wait for the next one.
final class ToldEvents: Sendable {
  private struct State {
    var events: [AuditEvent] = []
    var isFinished = false
    /// The continuations of the waiting consumers, resumed with true if it is worth looking again.
    var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    var lastWaiter = 0
  }

  private let state = Mutex(State())

  func append(_ event: AuditEvent) {
    wake { $0.events.append(event) }
  }

  /// Ends the events; those that are there can still be taken.
  func finish() {
    wake { $0.isFinished = true }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiters = state.withLock { state in
      change(&state)
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: true) }
  }

  /// Returns the first event after a number, or nil at the end and when the task is cancelled.
  func next(after sequence: UInt64) async -> AuditEvent? {
    while !Task.isCancelled {
      let (event, isFinished) = state.withLock { state in
        (state.events.first { $0.sequence > sequence }, state.isFinished)
      }
      if event != nil || isFinished { return event }
      guard await isWorthALook(after: sequence) else { return nil }
    }
    return nil
  }

  /// Waits for a change.
  ///
  /// Returns false when the task is cancelled.
  private func isWorthALook(after sequence: UInt64) async -> Bool {
    let number = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          if state.isFinished || state.events.last.map({ $0.sequence > sequence }) ?? false { return true }
          state.waiters[number] = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
    }
  }
}

/// The events of a ledger after one of them, each delivered once it is durable.
struct ToldEventSource: AuditEventSource {
  let told: ToldEvents
  let held: HeldCalls
  /// The number of the last delivered event.
  var sequence: UInt64

  mutating func next() async throws(LedgerError) -> AuditEvent? {
    guard let event = await told.next(after: sequence) else { return nil }
    do {
      try await held.wait(for: event.sequence, until: nil)
    } catch LedgerError.outcomeUnknown where Task.isCancelled {
      return nil
    }
    sequence = event.sequence
    return event
  }
}
