internal import Synchronization

/// The tasks that wait until their records are safe.
final class CommitWaiters: Sendable {
  @safe private struct Waiter {
    let sequence: UInt64
    let continuation: UnsafeContinuation<LogFailure?, Never>
  }

  private struct State {
    /// The waiters, by arrival.
    var waiters: [Waiter] = []
    /// The list of the last round, kept for its memory.
    var ready: [Waiter] = []
    var failure: LogFailure?
  }

  private let state = Mutex(State())
  private let acknowledged: Atomic<UInt64>
  private let waiting = Atomic(0)
  private let waitingMax: Int

  init(acknowledged: UInt64, waitingMax: Int) {
    self.acknowledged = Atomic(acknowledged)
    self.waitingMax = waitingMax
  }

  /// Whether as many wait as may.
  var isFull: Bool { waiting.load(ordering: .relaxed) >= waitingMax }

  /// Every record up to here is safe.
  var acknowledgedSequence: UInt64 { acknowledged.load(ordering: .acquiring) }

  /// Why nothing more will be acknowledged.
  var failure: LogFailure? { state.withLock { $0.failure } }

  func wait(for sequence: UInt64) async throws(LogFailure) {
    if acknowledgedSequence >= sequence { return }
    // A checked continuation would allocate; this one is resumed once, here or by `resume` or `fail`, which remove it.
    let failure: LogFailure? = await unsafe withUnsafeContinuation { continuation in
      let waiter = unsafe Waiter(sequence: sequence, continuation: continuation)
      let outcome: LogFailure?? = state.withLock { state in
        if acknowledgedSequence >= sequence { return .some(nil) }
        if let failure = state.failure { return .some(failure) }
        state.waiters.append(waiter)
        waiting.store(state.waiters.count, ordering: .relaxed)
        return nil
      }
      if let outcome { unsafe continuation.resume(returning: outcome) }
    }
    if let failure { throw failure }
  }

  /// Resumes, in the order of their arrival, those who wait for a sequence up to `sequence`; returns how many.
  @discardableResult
  func acknowledge(through sequence: UInt64) -> Int {
    acknowledged.store(sequence, ordering: .releasing)
    var ready: [Waiter] = state.withLock { state in
      var ready: [Waiter] = []
      swap(&ready, &state.ready)
      var kept = 0
      for index in state.waiters.indices {
        if state.waiters[index].sequence <= sequence {
          ready.append(state.waiters[index])
        } else {
          state.waiters[kept] = state.waiters[index]
          kept += 1
        }
      }
      state.waiters.removeLast(state.waiters.count - kept)
      waiting.store(kept, ordering: .relaxed)
      return ready
    }
    for waiter in ready { unsafe waiter.continuation.resume(returning: nil) }
    let count = ready.count
    ready.removeAll(keepingCapacity: true)
    state.withLock { state in
      if state.ready.capacity < ready.capacity { swap(&state.ready, &ready) }
    }
    return count
  }

  /// Fails everybody who waits and will wait for what is not acknowledged; the first failure stays.
  func fail(_ failure: LogFailure) {
    let (failed, first): ([Waiter], LogFailure) = state.withLock { state in
      let first = state.failure ?? failure
      state.failure = first
      defer {
        state.waiters = []
        waiting.store(0, ordering: .relaxed)
      }
      return (state.waiters, first)
    }
    for waiter in failed { unsafe waiter.continuation.resume(returning: first) }
  }
}
