internal import Glibc

/// A semaphore for threads, whose waits can have an end that no step of the wall clock moves.
///
/// `@unchecked`: the lock guards the count; POSIX lets any thread use the lock and the condition before `deinit`.
@safe package final class Semaphore: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let posted: UnsafeMutablePointer<pthread_cond_t>
  private var count = 0

  package init() {
    unsafe lock = .allocate(capacity: 1)
    unsafe posted = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(posted, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(posted)
    unsafe pthread_mutex_destroy(lock)
    unsafe posted.deallocate()
    unsafe lock.deallocate()
  }

  package func post() {
    unsafe pthread_mutex_lock(lock)
    count += 1
    unsafe pthread_cond_signal(posted)
    unsafe pthread_mutex_unlock(lock)
  }

  package func wait() {
    unsafe pthread_mutex_lock(lock)
    while count == 0 { unsafe pthread_cond_wait(posted, lock) }
    count -= 1
    unsafe pthread_mutex_unlock(lock)
  }

  /// Waits at most this long, from 0 to an hour; returns true if the semaphore was posted.
  package func wait(atMost time: Duration) -> Bool {
    var end = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    let nanoseconds = end.tv_nsec + Int(time / .nanoseconds(1))
    (end.tv_sec, end.tv_nsec) = (end.tv_sec + nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    while count == 0 {
      if unsafe pthread_cond_timedwait(posted, lock, &end) == ETIMEDOUT { break }
    }
    guard count > 0 else { return false }
    count -= 1
    return true
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
