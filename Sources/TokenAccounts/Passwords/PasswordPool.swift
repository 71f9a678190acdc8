internal import Platform
internal import Synchronization
public import TokenEngine

/// Runs password work on threads of its own, a bounded number at a time, with a bounded number waiting in order.
///
/// Password hashes cost tens of milliseconds and tens of MiB each on purpose: without the first bound a burst of log-ins
/// takes all memory and all threads of Swift's pool, without the second it takes minutes to be answered. What is over
/// both is refused at once with ``StoreError/overloaded``: let all stores of a program share one pool. Work whose caller was cancelled is still done.
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
  ///   - workers: how many run at a time, 1 at least; as many as there are cores by default.
  ///   - waitingMax: how many may wait while all workers are busy; 0 for none.
  public init(workers: Int = PasswordPool.coreCount, waitingMax: Int = 64) {
    precondition(workers >= 1 && waitingMax >= 0, "a password pool has at least one worker")
    self.workers = workers
    self.waitingMax = waitingMax
  }

  /// The cores that are online.
  public static var coreCount: Int { Processors.count }

  /// How many wait for a worker now.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs `work` on a worker and returns what it gives.
  ///
  /// Throws ``StoreError/overloaded`` at once, and never runs `work`, if all workers are busy and as many wait as can.
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

  /// The system has no thread for this job, nor, if no other worker is left, for those that wait.
  private func giveUp(_ job: Job) {
    let refused = state.withLock { state in
      state.running -= 1
      guard state.running == 0 else { return [job] }
      defer { state.waiting = [] }
      return [job] + state.waiting
    }
    for job in refused { job.refuse() }
  }

  /// Runs `job` and then whatever waits, until nothing does.
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
  /// Whether `password` is the one that was hashed, computed on a worker of the pool.
  ///
  /// Costs what the hash asks, tens of milliseconds as a rule, and none of Swift's threads. If there is no such name, verify
  /// ``PasswordHash/unmatchable(cost:)`` and drop the outcome.
  ///
  /// - Throws: ``StoreError/overloaded`` if the pool is full or the machine has no memory for it.
  public func verify(_ password: String, of hash: PasswordHash) async throws(StoreError) -> Bool {
    try await run { () throws(StoreError) in try hash.verify(password) }
  }

  /// Hashes a new password of 8 to 1024 bytes with argon2id on a worker of the pool. Costs as much as a verification.
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
