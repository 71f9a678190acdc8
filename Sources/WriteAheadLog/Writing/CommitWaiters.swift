internal import Synchronization

/// The tasks that wait until their records are safe.
final class CommitWaiters: Sendable {
  @safe private struct Waiter {
    let sequence: UInt64
    /// Names it for its cancellation, which needs a deadline; 0 without one.
    let number: UInt64
    let deadline: ContinuousClock.Instant?
    let continuation: UnsafeContinuation<LogError?, Never>
  }

  private struct State {
    /// The waiters, by arrival.
    var waiters: [Waiter] = []
    /// The list of the last round, kept for its memory.
    var ready: [Waiter] = []
    var failure: LogError?
    /// True if one of them has a deadline.
    var hasDeadlines = false
  }

  private let state = Mutex(State())
  private let acknowledged: Atomic<UInt64>
  private let waiting = Atomic(0)
  private let waitingMax: Int
  private let lastNumber = Atomic<UInt64>(0)

  init(acknowledged: UInt64, waitingMax: Int) {
    self.acknowledged = Atomic(acknowledged)
    self.waitingMax = waitingMax
  }

  /// True if as many wait as are allowed to.
  var isFull: Bool { waiting.load(ordering: .relaxed) >= waitingMax }

  /// Every record up to here is safe.
  var acknowledgedSequence: UInt64 { acknowledged.load(ordering: .acquiring) }

  /// The reason for which nothing more will be acknowledged.
  var failure: LogError? { state.withLock { $0.failure } }

  /// Returns once every record up to `sequence` is safe.
  ///
  /// - Throws: The failure that ended writing before; with a deadline also `.waitEnded`, if the task is cancelled or at
  ///   the first ``endOverdue(at:)`` after the deadline. The writing continues. Without a deadline a cancelled task
  ///   waits like any other.
  func wait(for sequence: UInt64, deadline: ContinuousClock.Instant?) async throws(LogError) {
    if acknowledgedSequence >= sequence { return }
    let failure: LogError?
    if let deadline {
      let number = lastNumber.add(1, ordering: .relaxed).newValue
      failure = await withTaskCancellationHandler {
        await outcome(of: sequence, number: number, deadline: deadline)
      } onCancel: {
        cancel(number)
      }
    } else {
      failure = await outcome(of: sequence, number: 0, deadline: nil)
    }
    if let failure { throw failure }
  }

  private func outcome(
    of sequence: UInt64, number: UInt64, deadline: ContinuousClock.Instant?
  ) async -> LogError? {
    // A checked continuation would allocate; this one is resumed once, here or by whoever removes it.
    await unsafe withUnsafeContinuation { continuation in
      let waiter = unsafe Waiter(sequence: sequence, number: number, deadline: deadline, continuation: continuation)
      if let outcome = add(waiter) { unsafe continuation.resume(returning: outcome) }
    }
  }

  /// Adds a waiter, or returns the outcome if there is one already.
  private func add(_ waiter: Waiter) -> LogError?? {
    state.withLock { state in
      if acknowledgedSequence >= waiter.sequence { return .some(nil) }
      if let failure = state.failure { return .some(failure) }
      // Asked under the lock: a cancellation that did not find the waiter came before.
      if waiter.deadline != nil, Task.isCancelled { return .some(.waitEnded) }
      state.waiters.append(waiter)
      if waiter.deadline != nil { state.hasDeadlines = true }
      waiting.store(state.waiters.count, ordering: .relaxed)
      return nil
    }
  }

  private func cancel(_ number: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
      defer { waiting.store(state.waiters.count, ordering: .relaxed) }
      return state.waiters.remove(at: index)
    }
    if let waiter { unsafe waiter.continuation.resume(returning: .waitEnded) }
  }

  /// Ends the waits whose deadline has passed.
  func endOverdue(at now: ContinuousClock.Instant) {
    let ended: [Waiter] = state.withLock { state in
      guard state.hasDeadlines else { return [] }
      func isOver(_ waiter: Waiter) -> Bool { waiter.deadline.map { $0 <= now } ?? false }
      let ended = state.waiters.filter(isOver)
      state.waiters.removeAll(where: isOver)
      state.hasDeadlines = state.waiters.contains { $0.deadline != nil }
      waiting.store(state.waiters.count, ordering: .relaxed)
      return ended
    }
    for waiter in ended { unsafe waiter.continuation.resume(returning: .waitEnded) }
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
  func fail(_ failure: LogError) {
    let (failed, first): ([Waiter], LogError) = state.withLock { state in
      let first = state.failure ?? failure
      state.failure = first
      defer {
        state.waiters = []
        state.hasDeadlines = false
        waiting.store(0, ordering: .relaxed)
      }
      return (state.waiters, first)
    }
    for waiter in failed { unsafe waiter.continuation.resume(returning: first) }
  }
}
