internal import Synchronization

/// The opening of a session on a target that can ask the client to wait.
struct PatientOpening: Sendable {
  let target: any RotationTarget
  /// The time for which an overloaded target is asked again.
  var patience = Duration.seconds(60)

  private static let attemptsMax = 3
  private static let pauseMax = Duration.seconds(10)

  /// Opens a session.
  ///
  /// It waits as long as the target says with 503 or 429, and tries a broken connection again some times.
  func open() async throws(TargetError) -> IssuedToken {
    let clock = ContinuousClock()
    let end = clock.now + patience
    var (attempts, pause) = (0, Duration.milliseconds(100))
    while true {
      do throws(TargetError) {
        return try await target.open()
      } catch {
        guard !Task.isCancelled else { throw .cancelled }
        switch error {
        case .overloaded, .throttled: break
        case .timeout,
          .connection where attempts + 1 < Self.attemptsMax:
          attempts += 1
        default: throw error
        }
        // The waits differ, so that not all callers try again at once.
        let wait = max(.milliseconds(10), min(error.retryAfter ?? pause, Self.pauseMax)) * Double.random(in: 1...1.5)
        guard clock.now + wait < end else { throw error }
        try? await clock.sleep(for: wait)
        pause = min(pause * 2, .seconds(2))
      }
    }
  }
}

/// The opening of the sessions with which a load begins.
struct SessionOpening: Sendable {
  let target: any RotationTarget
  let count: Int
  /// The number of concurrent openings.
  let callers: Int

  private static let callersMax = 64

  /// Opens the sessions; `onProgress` is called with their number.
  ///
  /// The first session that cannot be opened ends the opening. It is opened alone, so that a wrong password is one
  /// failed log-in and not many.
  func open(onProgress: @Sendable (Int) -> Void) async throws(TargetError) -> [IssuedToken] {
    let opening = PatientOpening(target: target)
    let callers = min(callers, Self.callersMax)
    let result = await withTaskGroup(of: Result<IssuedToken, TargetError>.self) { group in
      var tokens: [IssuedToken] = []
      tokens.reserveCapacity(count)
      func begin() {
        group.addTask {
          do throws(TargetError) { return .success(try await opening.open()) } catch { return .failure(error) }
        }
      }
      begin()
      var begun = 1
      while let result = await group.next() {
        switch result {
        case .success(let token):
          tokens.append(token)
          onProgress(tokens.count)
        case .failure(let failure):
          group.cancelAll()
          return Result<[IssuedToken], TargetError>.failure(failure)
        }
        while begun < min(count, tokens.count + callers) {
          begin()
          begun += 1
        }
      }
      return .success(tokens)
    }
    return try result.get()
  }
}

/// A supply of sessions that are opened beside the load, in place of those that ended, so that no caller waits for a
/// log-in.
final class SessionSupply: Sendable {
  private struct State {
    var opened: [IssuedToken] = []
    /// The failures since they were last taken.
    var failures: [TargetError] = []
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

  /// Orders one more session.
  func order() { want.yield() }

  func take() -> IssuedToken? { state.withLock { $0.opened.popLast() } }

  var isExhausted: Bool { state.withLock { $0.isExhausted && $0.opened.isEmpty } }

  /// The number of sessions that were opened beside the load.
  var openedCount: Int { state.withLock { $0.openedCount } }

  /// Returns the failures since the last call.
  func takeFailures() -> [TargetError] {
    state.withLock { state in
      defer { state.failures = [] }
      return state.failures
    }
  }

  /// Opens the ordered sessions until the task is cancelled.
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
      do throws(TargetError) {
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
