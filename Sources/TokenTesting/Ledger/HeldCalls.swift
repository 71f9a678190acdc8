internal import RotationModel
internal import Synchronization

/// The calls whose outcome is decided and not durable, because a test holds them.
final class HeldCalls: Sendable {
  private enum Call {
    /// The call has not begun to wait yet.
    case coming
    case waiting(CheckedContinuation<Bool, Never>)
  }

  private struct State {
    /// The last event that is durable, or nil while nothing is held.
    var durableSequence: UInt64?
    var calls: [Int: Call] = [:]
    var lastCall = 0
    /// The last call that had come when the calls were released.
    var lastReleased = 0
  }

  private let state = Mutex(State())

  /// Returns the last durable event among those up to a number.
  func durableSequence(of last: UInt64) -> UInt64 { state.withLock { $0.durableSequence ?? last } }

  var count: Int { state.withLock { $0.calls.count } }

  /// Holds the calls that rest on later events than this one.
  func hold(after sequence: UInt64) {
    state.withLock { if $0.durableSequence == nil { $0.durableSequence = sequence } }
  }

  func release() {
    let calls = state.withLock { state in
      state.durableSequence = nil
      state.lastReleased = state.lastCall
      defer { state.calls = [:] }
      return Array(state.calls.values)
    }
    for case .waiting(let continuation) in calls { continuation.resume(returning: true) }
  }

  /// Returns once the event is durable.
  ///
  /// - Throws: ``LedgerError/outcomeUnknown(_:)`` if the deadline passes first, or if the task is cancelled and there
  ///   is a deadline.
  func wait(for sequence: UInt64, until deadline: ContinuousClock.Instant?) async throws(LedgerError) {
    let number: Int? = state.withLock { state in
      guard let durable = state.durableSequence, durable < sequence else { return nil }
      state.lastCall += 1
      state.calls[state.lastCall] = .coming
      return state.lastCall
    }
    guard let number else { return }
    let timer = deadline.map { deadline in
      Task {
        try? await Task.sleep(until: deadline, clock: .continuous)
        self.end(number)
      }
    }
    let isDurable = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if number <= state.lastReleased { return true }
          // The call was ended before it began to wait.
          guard state.calls[number] != nil else { return false }
          state.calls[number] = .waiting(continuation)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      if deadline != nil { end(number) }
    }
    timer?.cancel()
    guard isDurable else {
      throw .outcomeUnknown("the caller waited no longer; what was decided stays decided")
    }
  }

  private func end(_ number: Int) {
    if case .waiting(let continuation)? = state.withLock({ $0.calls.removeValue(forKey: number) }) {
      continuation.resume(returning: false)
    }
  }
}
