internal import Glibc

/// A semaphore for threads.
///
/// `@unchecked`: POSIX lets any thread post and wait; nothing else touches the memory before `deinit`.
@safe package final class Semaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  package func post() {
    unsafe sem_post(semaphore)
  }

  package func wait() {
    while unsafe sem_wait(semaphore) != 0 {}
  }
}

/// A thread of the system that does one piece of work and ends.
///
/// Work that blocks or computes for long should run on one, since Swift's tasks and Dispatch share their threads and
/// would wait for it.
package final class DetachedThread: Sendable {
  /// The niceness of a thread that yields to others, on Linux, where each thread has its own.
  private static let niceness: CInt = 10

  private let givesWay: Bool
  private let work: @Sendable () -> Void

  /// Creates a thread for the work, which runs once `start()` is called.
  ///
  /// If `givesWay` is true, other threads go first, so that slow work does not delay quick work.
  package init(givesWay: Bool = false, _ work: @escaping @Sendable () -> Void) {
    (self.givesWay, self.work) = (givesWay, work)
  }

  private func run() {
    #if os(Linux)
    if givesWay { _ = nice(Self.niceness) }
    #endif
    work()
  }

  /// Starts the thread.
  ///
  /// Returns 0, or the error number if the system has no thread left; the work never runs then.
  package func start() -> CInt {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self)
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let thread = unsafe Unmanaged<DetachedThread>.fromOpaque(context).takeRetainedValue()
        thread.run()
        return nil
      }, context.toOpaque())
    if result == 0 { pthread_detach(thread) } else { unsafe context.release() }
    return result
  }
}

/// The processors of this machine.
package enum Processors {
  /// The number of processors that are online, at least one.
  package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// Work that waits for the disk or for a lock, away from the threads that Swift's tasks share.
package enum BlockingWork {
  /// Runs the work on a thread of its own and returns its result.
  ///
  /// The work continues if the caller is cancelled.
  package static func run<Answer: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Answer
  ) async throws(Failure) -> Answer {
    let outcome: Result<Answer, Failure> = await withCheckedContinuation { continuation in
      let perform: @Sendable () -> Void = { continuation.resume(returning: Result(catching: work)) }
      // If the system has no thread left, the work runs here: late is better than never.
      if DetachedThread(perform).start() != 0 { perform() }
    }
    return try outcome.get()
  }
}
