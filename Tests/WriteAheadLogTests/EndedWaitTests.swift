import LedgerTesting
import Testing

@testable import WriteAheadLog

/// A wait for the disk that ends before the disk has answered.
@Suite("A wait for a commit", .timeLimit(.minutes(10)))
struct EndedWaitTests {
  /// What a task that waits was told; nil for success.
  private func wait(
    in log: CommitLog, for sequence: UInt64, deadline: ContinuousClock.Instant? = nil
  ) -> Task<LogError?, Never> {
    Task {
      do throws(LogError) {
        try await log.durable(through: sequence, deadline: deadline)
        return nil
      } catch {
        return error
      }
    }
  }

  /// Ends the overdue waits until the task has its answer: its wait may not have begun.
  private func endOverdue(in log: CommitLog, until task: Task<LogError?, Never>) async -> LogError? {
    let heartbeat = Task {
      while !Task.isCancelled {
        log.endOverdueWaits()
        await Task.yield()
      }
    }
    defer { heartbeat.cancel() }
    return await task.value
  }

  @Test(
    "that is cancelled and has a deadline ends at once, its record is written all the same, and who waits on is told so"
  )
  func cancelled() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions())
    log.stage([5])
    let hour = ContinuousClock.now + .seconds(3600)
    let (ended, patient) = (wait(in: log.log, for: 1, deadline: hour), wait(in: log.log, for: 1))
    ended.cancel()
    patient.cancel()
    #expect(await ended.value == .waitEnded)
    #expect(log.log.durableSequence == 0)
    log.executor.runUntilIdle()
    #expect(log.log.durableSequence == 1)
    #expect(await patient.value == nil)
    #expect(log.log.failure == nil)
  }

  @Test(
    "with a deadline of a task that was cancelled before it began ends at once, and not where the record is durable already"
  )
  func cancelledBefore() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions())
    log.commit([5])
    log.stage([5])
    let inner = log.log
    let outcomes = await Task { () -> [LogError?] in
      withUnsafeCurrentTask { unsafe $0?.cancel() }
      var outcomes: [LogError?] = []
      for sequence in [1, 2] as [UInt64] {
        do throws(LogError) {
          try await inner.durable(through: sequence, deadline: .now + .seconds(3600))
          outcomes.append(nil)
        } catch {
          outcomes.append(error)
        }
      }
      return outcomes
    }.value
    #expect(outcomes == [nil, .waitEnded])
  }

  @Test("whose deadline has passed ends with the heartbeat, and no other's does")
  func deadline() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions())
    log.stage([5])
    let overdue = wait(in: log.log, for: 1, deadline: .now)
    let patient = wait(in: log.log, for: 1, deadline: .now + .seconds(600))
    let endless = wait(in: log.log, for: 1)
    #expect(await endOverdue(in: log.log, until: overdue) == .waitEnded)
    log.executor.runUntilIdle()
    #expect(await patient.value == nil)
    #expect(await endless.value == nil)
  }

  @Test("that has ended leaves the log to others: the next record is taken, written and acknowledged")
  func goesOn() async throws {
    let log = try await SteppedLog.open(FakeStorage(seed: 1), LogOptions())
    log.stage([5])
    let ended = wait(in: log.log, for: 1, deadline: .now + .seconds(3600))
    ended.cancel()
    #expect(await ended.value == .waitEnded)
    try log.log.reserve()
    log.stage([5])
    let next = wait(in: log.log, for: 2)
    log.executor.runUntilIdle()
    #expect(await next.value == nil)
    try await log.close()
  }

  @Test("ends with the failure of the disk, and not as one that was given up")
  func failure() async throws {
    let disk = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(disk, LogOptions())
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    log.stage([5])
    let waiting = wait(in: log.log, for: 1, deadline: .now + .seconds(600))
    log.executor.runUntilIdle()
    guard case .io = await waiting.value else {
      Issue.record("\(String(describing: await waiting.value))")
      return
    }
    let late = wait(in: log.log, for: 1)
    guard case .io = await late.value else {
      Issue.record("\(String(describing: await late.value))")
      return
    }
  }
}

@Suite("Those who wait for commits", .timeLimit(.minutes(10)))
struct CommitWaiterTests {
  private let waiters = CommitWaiters(acknowledged: 0, waitingMax: 3)

  private func wait(
    for sequence: UInt64, deadline: ContinuousClock.Instant? = nil
  ) -> Task<LogError?, Never> {
    Task { [waiters] in
      do throws(LogError) {
        try await waiters.wait(for: sequence, deadline: deadline)
        return nil
      } catch {
        return error
      }
    }
  }

  /// Returns once as many wait as may.
  private func waitUntilFull() async {
    while !waiters.isFull { await Task.yield() }
  }

  @Test("are acknowledged up to a number, and the others go on waiting")
  func acknowledged() async {
    let tasks = (1...3).map { wait(for: $0) }
    await waitUntilFull()
    #expect(waiters.acknowledge(through: 2) == 2)
    #expect(!waiters.isFull)
    #expect(await tasks[0].value == nil)
    #expect(await tasks[1].value == nil)
    #expect(waiters.acknowledge(through: 3) == 1)
    #expect(await tasks[2].value == nil)
  }

  @Test("make room where one is cancelled or overdue")
  func makeRoom() async {
    let now = ContinuousClock.now
    let cancelled = wait(for: 1, deadline: now + .seconds(7200))
    let (overdue, later) = (wait(for: 1, deadline: now), wait(for: 1, deadline: now + .seconds(60)))
    await waitUntilFull()
    waiters.endOverdue(at: now - .seconds(1))
    #expect(waiters.isFull)
    waiters.endOverdue(at: now)
    #expect(!waiters.isFull)
    #expect(await overdue.value == .waitEnded)
    let another = wait(for: 2)
    await waitUntilFull()
    cancelled.cancel()
    #expect(await cancelled.value == .waitEnded)
    #expect(!waiters.isFull)
    #expect(waiters.acknowledge(through: 1) == 1)
    #expect(await later.value == nil)
    waiters.endOverdue(at: now + .seconds(600))
    #expect(waiters.acknowledge(through: 2) == 1)
    #expect(await another.value == nil)
  }

  @Test("are told of the first failure alone, whether they wait already or come later, and what was safe stays so")
  func failed() async {
    let tasks = (1...3).map { wait(for: $0) }
    await waitUntilFull()
    #expect(waiters.acknowledge(through: 1) == 1)
    waiters.fail(.closed)
    waiters.fail(.overloaded)
    #expect(await tasks[0].value == nil)
    #expect(await tasks[1].value == .closed)
    #expect(await tasks[2].value == .closed)
    #expect(await wait(for: 9).value == .closed)
    #expect(await wait(for: 1).value == nil)
    #expect(waiters.failure == .closed)
    tasks[1].cancel()
  }
}
