internal import Glibc

/// A count that threads wait for.
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
