#if Postgres
internal import Synchronization

/// A number that only grows, with the callers that wait for it to grow.
///
/// It is used for the floor of the events, up to which every numbered event exists or never will; for the last change
/// of what instances share; and for the greatest patience that an instance has announced.
package final class RisingNumber: Sendable {
  private struct State {
    var value: Int64
    var isFinished = false
    var waiters: [Int: (after: Int64, continuation: CheckedContinuation<Bool, Never>)] = [:]
    var lastWaiter = 0
  }

  private let state: Mutex<State>

  init(_ value: Int64 = 0) {
    state = Mutex(State(value: value))
  }

  package var value: Int64 { state.withLock { $0.value } }

  func raise(to value: Int64) {
    let woken = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
      guard value > state.value else { return [] }
      state.value = value
      let due = state.waiters.filter { $0.value.after < value }
      for key in due.keys { state.waiters[key] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: true) }
  }

  /// Ends the growth: present and future waiters return at once.
  func finish() {
    let woken = state.withLock { state in
      state.isFinished = true
      defer { state.waiters = [:] }
      return state.waiters.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: false) }
  }

  /// Waits until the number is greater than this.
  ///
  /// - Returns: False if the task is cancelled, or the number grows no more.
  package func wait(after value: Int64) async -> Bool {
    let number = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.value > value { return true }
          if state.isFinished || Task.isCancelled { return false }
          state.waiters[number] = (value, continuation)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: false)
    }
  }

  /// Returns a stream of the values from now on.
  ///
  /// A slow consumer receives only the newest value. The stream ends with the ledger.
  package func changes() -> AsyncStream<Int64> {
    let start = value
    return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let task = Task {
        var told = start
        while await self.wait(after: told) {
          told = self.value
          continuation.yield(told)
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}
#endif
