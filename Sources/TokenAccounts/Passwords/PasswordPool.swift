internal import Platform
internal import Synchronization
public import TokenEngine
internal import TokenSigning

/// A pool of threads for password work: a bounded number of jobs run at a time, and a bounded number wait in order.
///
/// Password hashes deliberately cost tens of milliseconds and tens of MiB each. Without the first bound, a burst of
/// log-ins takes all memory and all threads of Swift's pool; without the second, the last one waits minutes for its
/// answer. Jobs over both bounds are refused at once with ``StoreError/overloaded``. All stores of a program should
/// share one pool. Work whose caller was cancelled is still done.
public final class PasswordPool: Sendable {
  private struct State {
    var running = 0
    var waiting: [Job] = []
  }

  private struct Job: Sendable {
    let run: @Sendable () -> Void
    let refuse: @Sendable () -> Void
  }

  private let workers: Int
  private let waitingMax: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - workers: The number of jobs that run at a time, at least 1; by default the number of cores.
  ///   - waitingMax: The most jobs that wait while all workers are busy; 0 for none.
  public init(workers: Int = PasswordPool.coreCount, waitingMax: Int = 64) {
    Libcrypto.keepUntilExit()
    precondition(workers >= 1 && waitingMax >= 0, "a password pool has at least one worker")
    self.workers = workers
    self.waitingMax = waitingMax
  }

  /// The number of cores that are online.
  public static var coreCount: Int { Processors.count }

  /// The number of jobs that wait for a worker now.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs `work` on a worker and returns its result.
  ///
  /// - Throws: ``StoreError/overloaded`` at once, without running `work`, if all workers are busy and as many jobs wait
  ///   as can.
  public func run<Answer: Sendable>(
    _ work: @escaping @Sendable () throws(StoreError) -> Answer
  ) async throws(StoreError) -> Answer {
    let outcome: Result<Answer, StoreError> = await withCheckedContinuation { continuation in
      admit(
        Job {
          do throws(StoreError) {
            continuation.resume(returning: .success(try work()))
          } catch {
            continuation.resume(returning: .failure(error))
          }
        } refuse: {
          continuation.resume(returning: .failure(.overloaded))
        })
    }
    return try outcome.get()
  }

  private func admit(_ job: Job) {
    enum Admission { case begin, wait, refuse }
    let admission = state.withLock { state -> Admission in
      if state.running < workers {
        state.running += 1
        return .begin
      }
      guard state.waiting.count < waitingMax else { return .refuse }
      state.waiting.append(job)
      return .wait
    }
    switch admission {
    case .begin: if DetachedThread(givesWay: true, { self.work(from: job) }).start() != 0 { giveUp(job) }
    case .wait: break
    case .refuse: job.refuse()
    }
  }

  /// Refuses a job for which the system has no thread and, if no other worker is left, the jobs that wait.
  private func giveUp(_ job: Job) {
    let refused = state.withLock { state in
      state.running -= 1
      guard state.running == 0 else { return [job] }
      defer { state.waiting = [] }
      return [job] + state.waiting
    }
    for job in refused { job.refuse() }
  }

  /// Runs `job`, and then the waiting jobs until there are none.
  private func work(from job: Job) {
    var current = job
    while true {
      current.run()
      let following: Job? = state.withLock { state in
        guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
        state.running -= 1
        return nil
      }
      guard let following else { return }
      current = following
    }
  }
}

extension PasswordPool {
  /// Checks on a worker of the pool whether `password` is the one that was hashed.
  ///
  /// The check takes as long as the hash asks, usually tens of milliseconds, and none of Swift's threads. If there is
  /// no such name, verify ``PasswordHash/unmatchable(cost:)`` and drop the result.
  ///
  /// - Throws: ``StoreError/overloaded`` if the pool is full or the machine has not enough memory.
  public func verify(_ password: String, of hash: PasswordHash) async throws(StoreError) -> Bool {
    try await run { () throws(StoreError) in try hash.verify(password) }
  }

  /// Hashes a new password of 8 to 1024 bytes with argon2id on a worker of the pool.
  ///
  /// The call costs as much as a verification.
  ///
  /// - Throws: ``AccountError/invalid(field:rule:)`` for the password, ``AccountError/overloaded`` if the pool is full.
  public func hash(
    _ password: String, cost: PasswordCost = .standard
  ) async throws(AccountError) -> PasswordHash {
    let outcome: Result<PasswordHash, AccountError>
    do throws(StoreError) {
      outcome = try await run { () throws(StoreError) in
        Result { () throws(AccountError) in try PasswordHash.make(password: password, cost: cost) }
      }
    } catch {
      throw .overloaded
    }
    return try outcome.get()
  }
}
