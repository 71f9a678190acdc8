internal import Platform

/// Work that waits for the disk or for a lock, away from the threads that Swift's tasks share.
enum BlockingWork {
  /// Runs it on a thread of its own and returns what it gives. Goes on where the caller is cancelled.
  static func run<Answer: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Answer
  ) async throws(Failure) -> Answer {
    let outcome: Result<Answer, Failure> = await withCheckedContinuation { continuation in
      let perform: @Sendable () -> Void = { continuation.resume(returning: Result(catching: work)) }
      // Where the system has no thread left, late is better than never.
      if DetachedThread(perform).start() != 0 { perform() }
    }
    return try outcome.get()
  }
}
