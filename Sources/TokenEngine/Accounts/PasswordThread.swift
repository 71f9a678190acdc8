#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A thread that does one piece of work and ends.
///
/// Not one of Dispatch's: Swift's tasks share those, and hashes on all of them would hold up everything else for as long as any waits.
final class PasswordThread: Sendable {
  private let work: @Sendable () -> Void

  /// How much the thread gives way to the others, on Linux, where a thread has a value of its own: what is quick goes before what is slow by design.
  private static let niceness: CInt = 10

  init(_ work: @escaping @Sendable () -> Void) {
    self.work = work
  }

  /// False where the system has no thread left; then the work never runs.
  func start() -> Bool {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self)
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let thread = unsafe Unmanaged<PasswordThread>.fromOpaque(context).takeRetainedValue()
        thread.run()
        return nil
      }, context.toOpaque())
    guard result == 0 else {
      unsafe context.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  private func run() {
    #if os(Linux)
    _ = nice(Self.niceness)
    #endif
    work()
  }
}
