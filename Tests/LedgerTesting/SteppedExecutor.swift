internal import Synchronization

/// An executor whose jobs run when the test says so, in order.
package final class SteppedExecutor: SerialExecutor, TaskExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var idleDriver: CheckedContinuation<Void, Never>?
    var isDriven = false
  }

  private let state = Mutex(State())

  package init() {}

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let driver = state.withLock { state in
      state.jobs.append(job)
      defer { state.idleDriver = nil }
      return state.idleDriver
    }
    driver?.resume()
  }

  /// Runs all jobs on the calling thread, also those that they enqueue; returns how many there were.
  @discardableResult
  package func runUntilIdle() -> Int {
    var count = 0
    while true {
      let batch = state.withLock { state in
        defer { state.jobs = [] }
        return state.jobs
      }
      if batch.isEmpty { return count }
      for job in batch {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        count += 1
      }
    }
  }

  /// Runs `body`, and all jobs that come up meanwhile, in order.
  package func driving<Result: Sendable, Failure: Error>(
    _ body: () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    state.withLock { $0.isDriven = true }
    let driver = Task.detached { await self.drive() }
    do throws(Failure) {
      let result = try await body()
      await stop(driver)
      return result
    } catch {
      await stop(driver)
      throw error
    }
  }

  private func drive() async {
    while state.withLock({ $0.isDriven }) {
      runUntilIdle()
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          guard state.jobs.isEmpty, state.isDriven else { return true }
          state.idleDriver = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    }
  }

  private func stop(_ driver: Task<Void, Never>) async {
    let idle = state.withLock { state in
      state.isDriven = false
      defer { state.idleDriver = nil }
      return state.idleDriver
    }
    idle?.resume()
    await driver.value
  }
}
