internal import Synchronization

/// Work whose cost is counted.
struct Operation: Sendable {
  let name: String
  /// How many of the work's units one round does.
  let unitsPerRound: Int
  /// How many rounds the shorter of the two runs does whose difference is the cost.
  let rounds: Int
  /// Prepares, and then does so many rounds.
  let run: @Sendable (_ rounds: Int, _ folder: String) async throws -> Void

  init(
    _ name: String, unitsPerRound: Int = 1, rounds: Int = 2000,
    run: @escaping @Sendable (_ rounds: Int, _ folder: String) async throws -> Void
  ) {
    self.name = name
    self.unitsPerRound = unitsPerRound
    self.rounds = rounds
    self.run = run
  }

  static let all: [Operation] = ledger + log + signing + engine
}

/// The work did not do what its name says.
struct UnexpectedOutcome: Error {
  let what: String

  init(_ what: String) { self.what = what }
}

/// Runs every task and actor on the calling thread, so that the same work is the same instructions each time.
final class OneThread: SerialExecutor, TaskExecutor {
  static let shared = OneThread()

  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  /// Runs `body` and all that it waits for.
  func run(_ body: @escaping @Sendable () async throws -> Void) throws {
    let end = End()
    Task(executorPreference: self) {
      do {
        try await body()
        end.result.withLock { $0 = .success(()) }
      } catch {
        end.result.withLock { $0 = .failure(error) }
      }
    }
    while end.result.withLock({ $0 == nil }) { try runNext() }
    try end.result.withLock { $0 }?.get()
  }

  private final class End: Sendable {
    let result = Mutex<Result<Void, any Error>?>(nil)
  }

  private func runNext() throws {
    let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    guard let job else { throw Idle() }
    job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
  }

  /// The work waits for something that no job of this thread will do.
  struct Idle: Error {}
}
