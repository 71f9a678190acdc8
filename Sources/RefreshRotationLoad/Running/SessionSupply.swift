internal import Synchronization

/// Opens sessions beside the load, in place of those that ended, so that no caller waits for a log-in.
final class SessionSupply: Sendable {
  private struct State {
    var opened: [IssuedToken] = []
    /// Since the last look.
    var failures: [TargetFailure] = []
    var openedCount = 0
    var isExhausted = false
  }

  private let opening: PatientOpening
  private let state = Mutex(State())
  private let wanted: AsyncStream<Void>
  private let want: AsyncStream<Void>.Continuation

  private static let atOnce = 8

  init(_ target: any RotationTarget) {
    opening = PatientOpening(target: target)
    (wanted, want) = AsyncStream.makeStream()
  }

  /// Orders one more.
  func order() { want.yield() }

  func take() -> IssuedToken? { state.withLock { $0.opened.popLast() } }

  var isExhausted: Bool { state.withLock { $0.isExhausted && $0.opened.isEmpty } }

  /// How many were opened beside the load.
  var openedCount: Int { state.withLock { $0.openedCount } }

  /// The failures since the last call.
  func takeFailures() -> [TargetFailure] {
    state.withLock { state in
      defer { state.failures = [] }
      return state.failures
    }
  }

  /// Opens what is ordered until the task is cancelled.
  func serve() async {
    await withTaskGroup(of: Void.self) { group in
      var running = 0
      for await _ in wanted {
        if running == Self.atOnce {
          await group.next()
          running -= 1
        }
        group.addTask { await self.openOne() }
        running += 1
      }
    }
  }

  private func openOne() async {
    while !Task.isCancelled {
      do throws(TargetFailure) {
        let token = try await opening.open()
        return state.withLock { state in
          state.opened.append(token)
          state.openedCount += 1
        }
      } catch {
        state.withLock { state in
          if error == .exhausted { state.isExhausted = true } else { state.failures.append(error) }
        }
        if error == .exhausted { return }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }
}
