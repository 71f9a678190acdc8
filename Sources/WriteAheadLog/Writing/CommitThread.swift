internal import Platform
internal import Synchronization

/// A thread of its own that runs the jobs given to it, one at a time, in order.
///
/// The log's actor lives on one, so that the calls that block on the disk block nobody else. The thread is also a task
/// executor, so that a task can start there at once. It ends when the executor is released and its queue is empty.
package final class CommitThread: SerialExecutor, TaskExecutor {
  private let queue: JobQueue

  /// Starts a thread.
  ///
  /// - Parameter givesWay: True for a thread that gives way to others, as a `DetachedThread` can: for the writing of
  ///   checkpoints and other work for which nobody waits.
  /// - Throws: `.io` if the system has no thread left.
  package init(givesWay: Bool = false) throws(LogError) {
    let queue = JobQueue()
    self.queue = queue
    try queue.start(givesWay: givesWay)
  }

  deinit {
    queue.finish()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    queue.append(UnownedJob(job), for: self)
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }
}

/// The queue that the thread and its executor share: the thread must not keep the executor alive, or it would never
/// end.
private final class JobQueue: Sendable {
  /// A waiting job holds its executor, so that the executor outlives the job.
  private struct Entry {
    let job: UnownedJob
    let executor: CommitThread
  }

  private struct State {
    var waiting: [Entry] = []
    var sleeps = false
    var finished = false
  }

  private let state = Mutex(State())
  private let wakeUp = Semaphore()

  func append(_ job: UnownedJob, for executor: CommitThread) {
    let wakes = state.withLock { state in
      state.waiting.append(Entry(job: job, executor: executor))
      defer { state.sleeps = false }
      return state.sleeps
    }
    if wakes { wakeUp.post() }
  }

  func finish() {
    let wakes = state.withLock { state in
      state.finished = true
      defer { state.sleeps = false }
      return state.sleeps
    }
    if wakes { wakeUp.post() }
  }

  func start(givesWay: Bool) throws(LogError) {
    let result = DetachedThread(givesWay: givesWay) { self.run() }.start()
    guard result == 0 else { throw .io(operation: "start", path: "the log's thread", errno: result) }
  }

  private func run() {
    var running: [Entry] = []
    while next(&running) {
      for entry in running {
        unsafe entry.job.runSynchronously(
          isolatedTo: entry.executor.asUnownedSerialExecutor(), taskExecutor: entry.executor.asUnownedTaskExecutor())
      }
      running.removeAll(keepingCapacity: true)
    }
  }

  /// Waits for jobs and moves them to `running`; false when there will be none.
  private func next(_ running: inout [Entry]) -> Bool {
    while true {
      let goesOn: Bool? = state.withLock { state in
        if !state.waiting.isEmpty {
          swap(&state.waiting, &running)
          return true
        }
        if state.finished { return false }
        state.sleeps = true
        return nil
      }
      if let goesOn { return goesOn }
      wakeUp.wait()
    }
  }
}
