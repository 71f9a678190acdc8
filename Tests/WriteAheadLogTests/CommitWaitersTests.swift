import Synchronization
import Testing

@testable import WriteAheadLog

@Suite("Those who wait for a commit")
struct CommitWaitersTests {
  /// A task that waits for the first record, and what its wait comes to.
  private func wait(
    _ waiters: CommitWaiters, deadline: ContinuousClock.Instant? = nil
  ) -> Task<LogFailure?, Never> {
    Task { () async -> LogFailure? in
      do throws(LogFailure) {
        try await waiters.wait(for: 1, deadline: deadline)
        return nil
      } catch {
        return error
      }
    }
  }

  private func fill(_ waiters: CommitWaiters) async {
    while !waiters.isFull { await Task.yield() }
  }

  @Test("Whoever is cancelled waits no longer, and the others do", arguments: [0, 1])
  func cancellation(cancelled: Int) async {
    let waiters = CommitWaiters(acknowledged: 0, waitingMax: 2)
    let tasks = [wait(waiters), wait(waiters)]
    await fill(waiters)
    tasks[cancelled].cancel()
    waiters.acknowledge(through: 1)
    #expect(await tasks[cancelled].value == .waitEnded)
    #expect(await tasks[1 - cancelled].value == nil)
  }

  @Test("Whoever was cancelled before it waits does not begin to")
  func cancelledBefore() async {
    let waiters = CommitWaiters(acknowledged: 0, waitingMax: 1)
    let isDone = Mutex(false)
    let task = Task { () async -> Bool in
      while !Task.isCancelled { await Task.yield() }
      defer { isDone.withLock { $0 = true } }
      do throws(LogFailure) {
        try await waiters.wait(for: 1, deadline: nil)
        return false
      } catch {
        return error == .waitEnded
      }
    }
    task.cancel()
    while !isDone.withLock({ $0 }), !waiters.isFull { await Task.yield() }
    waiters.acknowledge(through: 1)
    #expect(await task.value)
  }

  @Test("A wait ends at its deadline, and not before, nor without one")
  func deadline() async {
    let waiters = CommitWaiters(acknowledged: 0, waitingMax: 3)
    let now = ContinuousClock.now
    let due = wait(waiters, deadline: now)
    let later = wait(waiters, deadline: now + .nanoseconds(1))
    let patient = wait(waiters)
    await fill(waiters)
    waiters.endOverdue(at: now)
    waiters.acknowledge(through: 1)
    #expect(await due.value == .waitEnded)
    #expect(await later.value == nil)
    #expect(await patient.value == nil)
  }
}
